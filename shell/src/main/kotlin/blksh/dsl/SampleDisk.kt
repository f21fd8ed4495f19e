package blksh.dsl

import blksh.BlkshException
import java.io.IOException
import java.nio.file.Files
import java.nio.file.Path
import java.nio.file.StandardCopyOption.ATOMIC_MOVE
import java.util.zip.GZIPInputStream

/** The sample disk in the checkout blksh runs from. */
internal object SampleDisk {

  /** Unpacks a generation under the home directory, unless it is there, and gives its path. */
  fun unpack(generation: Int, home: Path): Path {
    val action = "unpack the sample disk"
    val launcher =
      System.getProperty("blksh.launcher") ?: throw BlkshException(action, "there is no checkout")
    val packed = Path.of(launcher).resolveSibling("samples/disk-$generation.img.gz")
    val disk = home.resolve("samples").resolve("disk-$generation.img")
    if (Files.exists(disk)) return disk
    if (!Files.exists(packed)) {
      throw BlkshException(action, "$packed is missing").suggest("generations are 1 and 2")
    }
    try {
      Files.createDirectories(disk.parent)
      val part = Files.createTempFile(disk.parent, "disk", ".part")
      GZIPInputStream(Files.newInputStream(packed)).use { from ->
        Files.newOutputStream(part).use { from.transferTo(it) }
      }
      Files.move(part, disk, ATOMIC_MOVE)
    } catch (failure: IOException) {
      throw BlkshException(action, failure.message ?: failure.toString(), failure)
    }
    return disk
  }
}
