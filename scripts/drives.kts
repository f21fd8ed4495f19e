// Lists the drives of this machine or of another, or describes one with its partitions.
val name by positional<String>("NAME", "a drive by name, serial number, label or path; or ssh://HOST, ssh://HOST/PATH").optional()
val sudo by flag("--sudo", "look at another machine as root, by sudo there")

val word = name
when {
  word == null -> drives
  !word.startsWith("ssh://") -> drives[word]
  '/' in word.removePrefix("ssh://").trimEnd('/') -> drive(word, sudo)
  else -> drives(word, sudo)
}
