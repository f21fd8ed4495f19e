package blksh.script

import org.jetbrains.org.objectweb.asm.ClassReader
import org.jetbrains.org.objectweb.asm.ClassVisitor
import org.jetbrains.org.objectweb.asm.ClassWriter
import org.jetbrains.org.objectweb.asm.Label
import org.jetbrains.org.objectweb.asm.MethodVisitor
import org.jetbrains.org.objectweb.asm.Opcodes

/** Puts a call of [Evaluation.checkpoint] at every method entry and before every jump back. */
internal object Checkpoints {

  fun insert(bytes: ByteArray): ByteArray {
    val reader = ClassReader(bytes)
    // The call takes nothing and leaves nothing, so stack sizes and frames stay as they are.
    val writer = ClassWriter(reader, 0)
    reader.accept(Inserter(writer), 0)
    return writer.toByteArray()
  }

  private class Inserter(writer: ClassWriter) : ClassVisitor(Opcodes.ASM9, writer) {

    override fun visitMethod(
      access: Int,
      name: String,
      descriptor: String,
      signature: String?,
      exceptions: Array<String>?,
    ): MethodVisitor = Body(super.visitMethod(access, name, descriptor, signature, exceptions))
  }

  private class Body(next: MethodVisitor) : MethodVisitor(Opcodes.ASM9, next) {
    private val passed = HashSet<Label>()

    override fun visitCode() {
      super.visitCode()
      check()
    }

    override fun visitLabel(label: Label) {
      passed += label
      super.visitLabel(label)
    }

    override fun visitJumpInsn(opcode: Int, label: Label) {
      if (label in passed) check()
      super.visitJumpInsn(opcode, label)
    }

    private fun check() =
      super.visitMethodInsn(
        Opcodes.INVOKESTATIC,
        "blksh/script/Evaluation",
        "checkpoint",
        "()V",
        false,
      )
  }
}
