// Says hello.
val name by option<String>("--name", "NAME", "whom to greet", default = "world")
println("hello $name")
