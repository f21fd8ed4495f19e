package blksh.script

/**
 * The scripts that come with blksh, compiled when it was built. They are found by name, or by
 * content when their file is run.
 */
object BundledScripts {

  internal const val INDEX = "blksh/scripts/index"

  /**
   * One of them.
   *
   * @property digest SHA-256 of its source
   */
  class Entry(
    val name: String,
    val digest: String,
    val className: String,
    val resultField: String?,
    val description: String,
  ) {

    /** Its source, for messages that quote a line. */
    val source: ScriptSource
      get() = ScriptSource("scripts/$name.kts", resource("blksh/scripts/$name.kts").orEmpty())
  }

  /** All of them, by name. */
  val entries: Map<String, Entry> by lazy {
    resource(INDEX)
      .orEmpty()
      .lines()
      .filter { it.isNotEmpty() }
      .map { it.split('\t') }
      .associate { (name, digest, type, result, description) ->
        name to Entry(name, digest, type, result.ifEmpty { null }, description.replace("\\n", "\n"))
      }
  }

  /** The one with the same text, if there is one. */
  fun find(source: ScriptSource): Entry? = entries.values.find { it.digest == source.digest }

  private fun resource(name: String): String? =
    javaClass.classLoader.getResourceAsStream(name)?.use { String(it.readAllBytes()) }
}
