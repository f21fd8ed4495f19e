package blksh.dsl

import blksh.io.IoFailure
import blksh.io.OwnerOnly
import blksh.io.PartFile
import blksh.io.WholeFile
import java.io.IOException
import java.nio.file.Files
import java.nio.file.Path

/** A small directory as it was on two days. */
internal object SampleLetters {

  fun onMonday(directory: Path) = making {
    OwnerOnly.makeDirectories(directory)
    write(directory.resolve("ada.txt"), "Dear Ada,\n")
    write(directory.resolve("bob.txt"), "Dear Bob,\n")
  }

  /** One letter was gone on with, the other has another name. */
  fun onTuesday(directory: Path) = making {
    write(directory.resolve("ada.txt"), "Dear Ada, how are you?\n")
    write(directory.resolve("robert.txt"), "Dear Bob,\n")
    Files.deleteIfExists(directory.resolve("bob.txt"))
  }

  private fun write(file: Path, text: String) =
    WholeFile.replace(file, PartFile.Durability.WHOLE, text.toByteArray())

  private fun making(change: () -> Unit) {
    try {
      change()
    } catch (failure: IOException) {
      throw IoFailure.told("make the sample letters", failure)
    }
  }
}
