package blksh.dsl

import blksh.BlkshException
import blksh.io.IoFailure
import blksh.io.PartFile
import blksh.io.WholeFile
import blksh.view.Figure
import blksh.view.Pictured
import java.io.IOException
import java.nio.file.FileAlreadyExistsException
import java.nio.file.NoSuchFileException
import java.nio.file.Path

/** What is looked at rather than read: a map, bars, a course. */
abstract class Picture internal constructor() : Pictured {

  /**
   * Draws it to a file for a report, which does not exist yet, whole or not at all.
   *
   * @param to ends in `.svg`, or in `.png`, for which Java needs fonts
   * @return the file
   *
   * Example: `sampleStore().map.save(home.resolve("map.svg").toString())`
   */
  fun save(to: String): Path {
    val action = "save ${title()} as $to"
    val figure = Figure.of(picture())
    val bytes =
      when (to.substringAfterLast('.').lowercase()) {
        "svg" -> figure.svg().toByteArray()
        "png" -> png(figure, action)
        else ->
          throw BlkshException(action, "how is not clear by its name")
            .suggest("end it in .svg or .png")
      }
    val file = Path.of(to)
    try {
      WholeFile.create(file, PartFile.Durability.DURABLE, bytes)
    } catch (there: FileAlreadyExistsException) {
      throw BlkshException(action, "it exists", there).suggest("name another file")
    } catch (missing: NoSuchFileException) {
      throw BlkshException(action, WholeFile.NO_DIRECTORY, missing).suggest("make it first")
    } catch (failure: IOException) {
      throw IoFailure.told(action, failure)
    }
    return file
  }

  private fun png(figure: Figure, action: String): ByteArray =
    try {
      figure.png()
    } catch (unable: IllegalStateException) {
      throw BlkshException(action, unable.message, unable).suggest("save it as .svg")
    }
}
