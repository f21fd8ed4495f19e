package blksh.script

import java.lang.reflect.Method

/**
 * What the classes of the vocabulary declare, in Kotlin's terms, which their class files do not
 * tell: gathered by the build. Loads nothing of the compiler.
 */
object Members {

  internal const val INDEX = "blksh/dsl/members"

  /** The packages of the vocabulary: what scripts name without an import is at home in them. */
  internal val PACKAGES = listOf("blksh.dsl", "blksh.view")

  /** What scripts see without naming it, by the name of the class they are handed. */
  internal const val ROOT = "Vocabulary"

  /** The classes whose members are those of [ROOT]. */
  internal val AT_HAND = setOf(ROOT, "MountWords", "ImageWords", "SampleWords", "ArgumentWords")

  /**
   * A public property or function.
   *
   * @property nullable whether what it gives may be null
   * @property optional the places of the parameters that have defaults
   * @property signature as its source declares it: `verify(mode: Verify? = …): Verified`
   */
  class Member(
    val owner: String,
    val name: String,
    val property: Boolean,
    val nullable: Boolean,
    val optional: Set<Int>,
    val signature: String,
  )

  /** Functions of the vocabulary's types that serve printing and scripts, not people. */
  @JvmField
  val PLUMBING: Set<String> =
    setOf(
      "fields",
      "title",
      "appendix",
      "row",
      "declared",
      "suspending",
      "member",
      "figures",
      "declare",
      "declareSeveral",
      "declarePositionals",
    )

  private val byMethod: Map<String, Member> by lazy {
    val text = javaClass.classLoader.getResourceAsStream(INDEX)?.use { String(it.readAllBytes()) }
    text.orEmpty().lines().filter { it.isNotEmpty() }.associate { parse(it.split('\t')) }
  }

  private fun parse(fields: List<String>): Pair<String, Member> {
    val (key, owner, name, flags, signature) = fields
    val optional = flags.drop(2).split(',').filter { it.isNotEmpty() }.map { it.toInt() }.toSet()
    return key to Member(owner, name, flags[0] == 'p', flags[1] == '?', optional, signature)
  }

  /** What the source says of a method; null when scripts cannot name it. */
  @JvmStatic fun find(method: Method): Member? = byMethod[key(method)]

  /** Whether a class is one of the vocabulary's, as far as its package tells. */
  @JvmStatic fun ours(type: Class<*>): Boolean = type.packageName in PACKAGES

  /** The class of the vocabulary that has that name; null when there is none. */
  @JvmStatic
  fun type(name: String): Class<*>? =
    PACKAGES.firstNotNullOfOrNull { home ->
      try {
        Class.forName("$home.$name")
      } catch (elsewhere: ClassNotFoundException) {
        null
      } catch (misspelt: LinkageError) {
        null
      }
    }

  /** Every member. */
  @JvmStatic fun all(): Collection<Member> = byMethod.values

  internal fun key(method: Method): String =
    method.declaringClass.name +
      "." +
      method.name +
      method.parameterTypes.joinToString(",", "(", ")") { it.name }

  /** A member as a line of the index. */
  internal fun line(method: Method, member: Member): String {
    val flags =
      (if (member.property) "p" else "f") +
        (if (member.nullable) "?" else "!") +
        member.optional.joinToString(",")
    return listOf(key(method), member.owner, member.name, flags, member.signature)
      .joinToString("\t")
  }
}
