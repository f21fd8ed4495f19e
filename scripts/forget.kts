// Removes the images in a store that no rule keeps, each name by itself, and says of every version why
// it stays or goes. Until the store is compacted they can be taken back: undelete. Pinned ones stay.
// Ends with status 3 when there are versions that cannot be read, or are dated in the future; those stay,
// and count as none.
val storeDir by option<Place>("--store", "DIR", "the store's directory")
val names by option<String>("--name", "PATTERN", "only these: * stands for any characters, ? for one", "*")
val last by option<Int>("--keep-last", "N", "keep the last N").optional()
val hourly by option<Int>("--keep-hourly", "N", "keep the last of each of N hours").optional()
val daily by option<Int>("--keep-daily", "N", "keep the last of each of N days").optional()
val weekly by option<Int>("--keep-weekly", "N", "keep the last of each of N weeks").optional()
val monthly by option<Int>("--keep-monthly", "N", "keep the last of each of N months").optional()
val yearly by option<Int>("--keep-yearly", "N", "keep the last of each of N years").optional()
val within by option<String>("--keep-within", "AGE", "keep all within an age, such as 7d or 1y6m").optional()
val tagged by repeated<String>("--keep-tag", "WORDS", "keep what has all these, with commas between; may be given again", required = false)
val trees by flag("--trees", "judge snapshots of file trees, in place of images")
val compact by flag("--compact", "give back the space of what goes, at once")

val from = existingStore(storeDir)
val forgotten = from.forget(names, last, hourly, daily, weekly, monthly, yearly, within, tagged, trees)
if (compact) {
  show(forgotten)
  from.compact()
} else {
  forgotten
}
