package blksh.script.kotlin

import org.jetbrains.kotlin.fir.extensions.FirReplHistoryProvider
import org.jetbrains.kotlin.fir.symbols.impl.FirReplSnippetSymbol

/** The compiler's history of entries, whose tail can be taken back. */
internal class RevocableHistory : FirReplHistoryProvider() {
  private val entries = ArrayList<FirReplSnippetSymbol>()
  private var asked = FIRST

  override fun getSnippets(): Iterable<FirReplSnippetSymbol> = entries.toList()

  override fun putSnippet(symbol: FirReplSnippetSymbol) {
    entries += symbol
  }

  override fun isFirstSnippet(symbol: FirReplSnippetSymbol): Boolean =
    entries.firstOrNull() == symbol

  /** The compiler names results by it; entries that were taken back keep theirs. */
  override fun getSnippetCount(): Int = asked++

  fun mark(): Int = entries.size

  fun rollBack(mark: Int) {
    while (entries.size > mark) entries.removeLast()
  }

  private companion object {
    /** Where the compiler's numbers for results begin, out of the way of those people see. */
    const val FIRST = 1_000_000
  }
}
