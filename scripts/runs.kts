// Lists what blksh did so far, newest first, and what it does now and how far that is.
val last by option<Int>("--last", "N", "how many", 20)
val running by flag("--running", "only what runs now, in any process")

(if (running) runs.running else runs).take(last)
