package blksh.script.kotlin

import blksh.session.Evaluation
import org.jetbrains.org.objectweb.asm.ClassReader
import org.jetbrains.org.objectweb.asm.ClassVisitor
import org.jetbrains.org.objectweb.asm.ClassWriter
import org.jetbrains.org.objectweb.asm.Label
import org.jetbrains.org.objectweb.asm.MethodVisitor
import org.jetbrains.org.objectweb.asm.Opcodes

/** Puts a call of [Evaluation.checkpoint] at every method entry and before every jump back. */
internal object Checkpoints {

  /** @param stays whether the process outlives the code: what would end it ends the code only */
  fun insert(bytes: ByteArray, stays: Boolean = false): ByteArray {
    val reader = ClassReader(bytes)
    // The call takes nothing and leaves nothing, so stack sizes and frames stay as they are.
    val writer = ClassWriter(reader, 0)
    reader.accept(Inserter(writer, stays), 0)
    return writer.toByteArray()
  }

  private class Inserter(writer: ClassWriter, private val stays: Boolean) :
    ClassVisitor(Opcodes.ASM9, writer) {

    override fun visitMethod(
      access: Int,
      name: String,
      descriptor: String,
      signature: String?,
      exceptions: Array<String>?,
    ): MethodVisitor =
      Body(super.visitMethod(access, name, descriptor, signature, exceptions), stays)
  }

  private class Body(next: MethodVisitor, private val stays: Boolean) :
    MethodVisitor(Opcodes.ASM9, next) {
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

    override fun visitMethodInsn(
      opcode: Int,
      owner: String,
      name: String,
      descriptor: String,
      isInterface: Boolean,
    ) {
      val ends = name == "exit" || name == "halt"
      if (stays && ends && descriptor == "(I)V" && owner == "java/lang/System") {
        super.visitMethodInsn(opcode, EVALUATION, "exit", "(I)V", false)
      } else if (stays && ends && descriptor == "(I)V" && owner == "java/lang/Runtime") {
        super.visitMethodInsn(Opcodes.INVOKESTATIC, EVALUATION, "exit", "(I)V", false)
      } else {
        super.visitMethodInsn(opcode, owner, name, descriptor, isInterface)
      }
    }

    private fun check() =
      super.visitMethodInsn(Opcodes.INVOKESTATIC, EVALUATION, "checkpoint", "()V", false)
  }

  private const val EVALUATION = "blksh/session/Evaluation"
}
