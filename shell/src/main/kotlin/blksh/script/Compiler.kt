package blksh.script

/** Makes classes of a script's text. */
fun interface Compiler {

  /**
   * Compiles a script.
   *
   * @throws ScriptCompilationException when it has errors
   */
  fun compile(source: ScriptSource): CompiledScript
}
