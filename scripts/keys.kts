// Lists the keys of an encrypted store, or adds, changes or removes one, or shows its recovery sheet. The store
// is opened by a key that it has, or by the sheet; what is new is asked for at the terminal, or named. No other
// file of the store is written again.
val storeDir by option<Place>("--store", "DIR", "the store's directory, or s3://BUCKET/PREFIX")
val add by option<String>("--add", "LABEL", "add one that is called so").optional()
val change by option<String>("--change", "KEY", "put another secret in the place of one, by its id or label").optional()
val remove by option<String>("--remove", "KEY", "remove one, by its id or label; not the one that opened the store").optional()
val newFile by option<Path>("--new-key-file", "FILE", "what is new is this key file").optional()
val newCommand by option<String>("--new-key-command", "LINE", "what is new is the passphrase that this prints").optional()
val showSheet by flag("--show-sheet", "show the recovery sheet at the terminal")
val sheet by option<Path>("--sheet", "FILE", "write the recovery sheet to a new file").optional()

val changes = listOfNotNull(add, change, remove).size
if (changes > 1) usage("--add, --change or --remove")
if (newFile != null && newCommand != null) usage("--new-key-file or --new-key-command")
if ((newFile != null || newCommand != null) && add == null && change == null) usage("--new-key-file and --new-key-command need --add or --change")
val keys = store(storeDir).keys
if (showSheet || sheet != null) keys.sheet(sheet)
when {
  add != null -> keys.add(add!!, newFile, newCommand)
  change != null -> keys.change(change!!, newFile, newCommand)
  remove != null -> keys.remove(remove!!)
  showSheet || sheet != null -> null
  else -> keys
}
