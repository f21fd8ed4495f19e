package blksh.dsl

import blksh.image.ClonezillaSet
import blksh.image.ImageInfo as Engine
import blksh.view.Described
import blksh.view.Field

/** What an image says of itself: every field of its header, and what it stores as a picture. */
class ImageInfo
internal constructor(
  private val image: Image,
  private val facts: Engine?,
  private val set: ClonezillaSet?,
) : Described {

  /** The fields of the header as the format's document names them, in its order. */
  val header: Map<String, Any?>
    get() = facts?.header().orEmpty()

  override fun title(): String = "image ${image.name}"

  override fun fields(): List<Field> {
    val known = image.fields()
    val more =
      if (set != null) listOf(Field.of("disks", set.disks()))
      else header.map { (label, value) -> Field.detail(label, value) }
    return known +
      more.filter { field -> field.value != "" && known.none { it.label == field.label } }
  }

  override fun appendix(): Any? = if (set != null) image.members else facts?.let { image.map }
}
