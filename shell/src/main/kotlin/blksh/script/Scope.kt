package blksh.script

/**
 * What may be named at a place of an entry, as the compiler sees it.
 *
 * @property receiver the type of what stands before the dot; empty when nothing does
 * @property names what may stand there: the members of what stands before the dot, or else what is
 *   in scope, innermost first
 * @property parameters when the place is an argument of a call, what may be given there
 * @property signatures the functions that call may mean, as one writes them
 */
class Scope(
  val receiver: String,
  val names: List<Name>,
  val parameters: List<Parameter>,
  val signatures: List<String>,
) {

  /** How a name is used. */
  enum class Kind {
    /** A variable, a property, an object or a constant. */
    VALUE,

    /** A function called without arguments. */
    CALL,

    /** A function that takes arguments. */
    FUNCTION,

    /** A function that can do with a block alone. */
    BLOCK,

    /** A class. */
    TYPE,
  }

  /**
   * A name.
   *
   * @property about in a few words its type, or what it takes and gives
   * @property gives its type, or the type of what it gives
   * @property common whether it is no more at home here than anywhere else
   */
  data class Name(
    val text: String,
    val kind: Kind,
    val about: String,
    val gives: String = about,
    val common: Boolean = false,
  )

  /**
   * A parameter of the call around the place.
   *
   * @property function whose it is, with its type: `Store.capture`; empty outside the vocabulary
   * @property here whether the place is its position
   * @property constants what it can be, when that is one of a few
   */
  data class Parameter(
    val function: String,
    val name: String,
    val type: String,
    val here: Boolean,
    val constants: List<String>,
  )

  companion object {
    /** Nothing. */
    @JvmField val EMPTY = Scope("", listOf(), listOf(), listOf())
  }
}
