package blksh.dsl

import blksh.view.Described
import blksh.view.Field
import blksh.view.Size

/**
 * The header of an image of partclone or ntfsclone under the names that pypartclone has for its
 * fields, with what leads from it to the blocks; of any other image, under those blksh has.
 */
class ImageHeader internal constructor(private val image: Image) : Described {

  private val header = image.info.header

  override fun title(): String = "${image.format} header"

  override fun fields(): List<Field> =
    when (image.format) {
      "partclone" -> header.map { (name, value) -> partclone(name, value) }
      "ntfsclone" -> header.flatMap { (name, value) -> ntfsclone(name, value) }
      else -> header.map { (name, value) -> Field.of(name, value) }
    }

  private fun partclone(name: String, value: Any?): Field =
    when (name) {
      "file system" -> Field.of("fs type", value)
      "device size" -> Field.of("fs total size", bytes(value))
      "total blocks" -> Field.of("fs total blocks", value)
      "used blocks" -> Field.of("fs used blocks", "${blocks(value)} by the super-block")
      "used blocks by bitmap" -> Field.of("fs_used_bitmap", "${blocks(value)} by the bitmap")
      "block size" -> Field.of("fs block size", value)
      "blocks per checksum" -> Field.of("checksum blocks", value)
      "reseed checksum" -> Field.of("checksum reseed", value)
      "header crc32" -> Field.of("header_crc32", value)
      "bitmap bytes" -> Field.of("bitmap", bytes(value))
      "bitmap crc32" -> Field.of("bitmap_crc32", value)
      "blocks begin at byte" -> Field.of("blocks_section", "at byte $value of the image")
      "index step" -> Field.of("block_offset_size", value)
      "index entries" -> Field.of("block_offsets", value)
      else -> Field.of(name, value)
    }

  private fun ntfsclone(name: String, value: Any?): List<Field> =
    when (name) {
      "image version" ->
        listOf(
          Field.of("major_ver", "$value".substringBefore('.').toInt()),
          Field.of("minor_ver", "$value".substringAfter('.').toInt()),
        )
      "cluster size" -> listOf(Field.of("cluster_size", value))
      "device size" -> listOf(Field.of("device_size", bytes(value)))
      "clusters" -> listOf(Field.of("nr_clusters", value))
      "clusters in use" -> listOf(Field.of("inuse", blocks(value)))
      "data offset" -> listOf(Field.of("offset_to_image_data", value))
      else -> listOf(Field.of(name, value))
    }

  private fun bytes(value: Any?): String {
    val count = (value as Number).toLong()
    return "$count bytes" + if (count < 1024) "" else ", ${Size(count)}"
  }

  /** A count of blocks, and what they come to where that can be. */
  private fun blocks(value: Any?): String {
    val count = (value as Number).toLong()
    val total = header["total blocks"] ?: header["clusters"]
    val size = header["block size"] ?: header["cluster size"]
    return if (total !is Number || size !is Number || count !in 0..total.toLong())
      count.toULong().toString()
    else "$count (${Size(count * size.toLong())})"
  }

  override fun toString(): String = title()
}
