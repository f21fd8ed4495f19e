package blksh.dsl

import blksh.BlkshException
import blksh.io.IoFailure
import blksh.io.OwnerOnly
import blksh.io.PartFile
import blksh.io.WholeFile
import java.io.IOException
import java.nio.file.Files
import java.nio.file.Path
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
      OwnerOnly.makeDirectories(disk.parent)
      GZIPInputStream(Files.newInputStream(packed)).use { from ->
        WholeFile.replace(disk, PartFile.Durability.WHOLE) { from.transferTo(it) }
      }
    } catch (failure: IOException) {
      throw IoFailure.told(action, failure)
    }
    return disk
  }
}
