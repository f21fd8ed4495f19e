package blksh.dsl

import blksh.BlkshException
import blksh.block.BlockSource
import blksh.partition.PartitionTable
import blksh.session.Session
import blksh.volume.InnerVolume
import blksh.volume.VolumeSet

/** What sources make up together. */
abstract class VolumeWords internal constructor(session: Session, arguments: Arguments) :
  ImageWords(session, arguments) {

  /**
   * The volumes that several sources make up together, read only and without the kernel: logical
   * volumes of LVM2 on several drives, images or captured versions of them. Of a single source they
   * are among its [Source.partitions].
   *
   * @param sources all that the volumes lie on; of each its partitions too
   *
   * Example: `assemble(sampleDisk(1), sampleDisk(2))`
   */
  fun assemble(vararg sources: Source): Partitions {
    if (sources.isEmpty())
      throw BlkshException("assemble volumes", "no sources are named")
        .suggest("name all they lie on: assemble(drive(…), drive(…))")
    val all = sources.toList()
    return withAll(all) { opened ->
      val set = VolumeSet.on(opened)
      val volumes = set.volumes().map { Partition(all[0], Volume(all, it)) }
      val names = all.joinToString(", ") { it.name }
      Partitions(PartitionTable.Kind.NONE, set.warnings(), names, volumes)
    }
  }
}

/** A volume that one source holds, or several make up together. */
internal class Volume(val sources: List<Source>, val found: InnerVolume) {

  /** Its bytes, for as long as all its sources are open. */
  fun open(): BlockSource {
    val opened = opened(sources)
    try {
      val now =
        VolumeSet.on(opened).volumes().find {
          it.name() == found.name() && it.uuid() == found.uuid() && it.size() == found.size()
        }
          ?: throw BlkshException(
            "open ${found.kind()} ${found.name()}",
            "it is not there any more as it was",
          )
      return now.open { closeAll(opened) }
    } catch (failure: Throwable) {
      runCatching { closeAll(opened) }
      throw failure
    }
  }
}

private fun opened(sources: List<Source>): List<BlockSource> {
  val opened = ArrayList<BlockSource>()
  try {
    sources.forEach { opened.add(it.open()) }
    return opened
  } catch (failure: Throwable) {
    runCatching { closeAll(opened) }
    throw failure
  }
}

private fun <T> withAll(sources: List<Source>, use: (List<BlockSource>) -> T): T {
  val opened = opened(sources)
  try {
    return use(opened)
  } finally {
    closeAll(opened)
  }
}

/** Closes all of them, also when one cannot be. */
private fun closeAll(opened: List<BlockSource>) {
  var first: Throwable? = null
  for (each in opened) {
    try {
      each.close()
    } catch (failure: Throwable) {
      if (first == null) first = failure
    }
  }
  first?.let { throw it }
}
