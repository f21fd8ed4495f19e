package blksh.script.kotlin

import org.jetbrains.org.objectweb.asm.ClassReader
import org.jetbrains.org.objectweb.asm.ClassVisitor
import org.jetbrains.org.objectweb.asm.ClassWriter
import org.jetbrains.org.objectweb.asm.MethodVisitor
import org.jetbrains.org.objectweb.asm.Opcodes

/**
 * Makes a compiled script check its arguments at the right moment: right after the last declaration
 * (`val x by option…`, `val gc = command…`), before the rest of its body. Thus `--help` and usage
 * errors need nothing of the body, and a script that declares nothing takes no arguments, unless it
 * reads `args` itself.
 */
internal object ArgumentsBarrier {

  private const val VOCABULARY = "blksh/dsl/Vocabulary"
  private val DECLARED =
    setOf("Lblksh/dsl/Argument;", "Lblksh/dsl/Positionals;", "Lblksh/dsl/Command;")

  /** The class file of a script with the check in its constructor. */
  fun insert(bytes: ByteArray): ByteArray {
    val reader = ClassReader(bytes)
    val seen = Seen()
    reader.accept(seen, ClassReader.SKIP_DEBUG)
    if (seen.declarations == 0 && seen.readsWords) return bytes
    val writer = ClassWriter(reader, 0)
    reader.accept(Inserter(writer, seen.declarations), 0)
    return writer.toByteArray()
  }

  /** Counts the declarations, and notices whether the script reads its words itself. */
  private class Seen : ClassVisitor(Opcodes.ASM9) {
    var declarations = 0
    var readsWords = false

    override fun visitMethod(
      access: Int,
      name: String,
      descriptor: String,
      signature: String?,
      exceptions: Array<String>?,
    ): MethodVisitor =
      object : MethodVisitor(Opcodes.ASM9) {
        override fun visitFieldInsn(opcode: Int, owner: String, field: String, type: String) {
          if (name == "<init>" && opcode == Opcodes.PUTFIELD && type in DECLARED) declarations++
        }

        override fun visitMethodInsn(
          opcode: Int,
          owner: String,
          method: String,
          type: String,
          isInterface: Boolean,
        ) {
          if (owner == VOCABULARY && method == "getArgs") readsWords = true
        }
      }
  }

  private class Inserter(writer: ClassWriter, private var countdown: Int) :
    ClassVisitor(Opcodes.ASM9, writer) {

    private val first = countdown == 0

    override fun visitMethod(
      access: Int,
      name: String,
      descriptor: String,
      signature: String?,
      exceptions: Array<String>?,
    ): MethodVisitor {
      val next = super.visitMethod(access, name, descriptor, signature, exceptions)
      if (name != "<init>") return next
      return object : MethodVisitor(Opcodes.ASM9, next) {
        override fun visitFieldInsn(opcode: Int, owner: String, field: String, type: String) {
          super.visitFieldInsn(opcode, owner, field, type)
          if (opcode != Opcodes.PUTFIELD) return
          val last = !first && type in DECLARED && --countdown == 0
          if (last || first && field.startsWith("\$\$implicitReceiver")) {
            // The vocabulary is the constructor's first parameter; the stack is empty here.
            super.visitVarInsn(Opcodes.ALOAD, 1)
            super.visitMethodInsn(Opcodes.INVOKEVIRTUAL, VOCABULARY, "declared", "()V", false)
          }
        }
      }
    }
  }
}
