// Says something of a version in a store: that it stays whatever rules say, a note, words it can be kept by.
val reference by positional<String>("NAME@VERSION", "the version")
val storeDir by option<Place>("--store", "DIR", "the store's directory")
val pin by flag("--pin", "have it stay: no rule and no deletion removes it")
val unpin by flag("--unpin", "take that back")
val note by option<String>("--note", "TEXT", "a note for people; an empty one takes it back").optional()
val tags by repeated<String>("--tag", "WORD", "a word it can be kept by", required = false)
val untags by repeated<String>("--untag", "WORD", "take a word from it", required = false)

if (pin && unpin) usage("--pin or --unpin")
if (!pin && !unpin && note == null && tags.isEmpty() && untags.isEmpty()) usage("say what is to be said of it")
val of = existingStore(storeDir)
if (pin) of.pin(reference)
if (unpin) of.unpin(reference)
note?.let { of.note(reference, it) }
if (tags.isNotEmpty()) of.tag(reference, *tags.toTypedArray())
if (untags.isNotEmpty()) of.untag(reference, *untags.toTypedArray())
of.manifest(reference)
