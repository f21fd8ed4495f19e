package blksh.dsl

import blksh.view.Field

/** That a store compresses in another way now. */
class Recoded
internal constructor(
  private val store: Place,
  private val before: Codec,
  private val codec: Codec,
  private val dryRun: Boolean,
) : Result() {

  override fun title(): String = if (dryRun) "would compress" else "compresses"

  override fun fields(): List<Field> =
    listOf(
      Field.of("store", "$store"),
      Field.of("codec", "$codec"),
      Field.of("before", "$before"),
      Field.of("dry run", dryRun),
    )
}
