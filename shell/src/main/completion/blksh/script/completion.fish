# Completion of blksh for fish, made from what its verbs and scripts declare.

# What may follow in a context, a row each: word|what follows it|choices|help.
function __blksh_rows
    set -l rows
    switch "$argv[1]"
@TABLE@
    case install
        set rows '|d||'
    case completion
        set rows '|w|@SHELLS@|'
    case '*'
        set rows @ANY@
    end
    printf '%s\n' $rows
end

# The row of a word, in columns.
function __blksh_look_up
    for row in $argv[2..-1]
        set -l columns (string split '|' -- $row)
        if test "$columns[1]" = "$argv[1]"
            printf '%s\n' $columns
            return 0
        end
    end
    return 1
end

# Values of a kind: kind, choices, what is there of them, what stands before them in the word.
function __blksh_values
    switch $argv[1]
        case f F
            printf '%s\n' $argv[4](__fish_complete_path $argv[3])
        case d D
            printf '%s\n' $argv[4](__fish_complete_directories $argv[3] '')
        case k
            __fish_complete_suffix .kts
        case w W
            printf '%s\n' $argv[4](string split ' ' -- $argv[2])
    end
end

function __blksh_complete
    set -l words (commandline -opc)
    set -l cur (commandline -ct)
    set -l scripts @NAMES@
    set -l name (string replace -r '.*/' '' -- $words[1])
    set -l context ''
    set -l subject ''
    set -l expected ''
    set -l chosen ''
    contains -- $name $scripts; and set context "run $name"
    set -l rows (__blksh_rows $context)
    for word in $words[2..-1]
        set -l columns (__blksh_look_up $word $rows)
        if test "$word" = --; and test -n "$context"
            # What follows is another command's, or no option.
            __blksh_values f '' "$cur" ''
            return
        else if string match -q -- '-*' $word
            set expected ''
            if set -q columns[2]; and test "$columns[2]" != -
                set expected $columns[2]
                set chosen $columns[3]
            end
        else if test -n "$expected"
            contains -- $expected F D W V; or set expected ''
        else if test -n "$subject"
            test $subject = help; and return
            set subject ''
            set context 'run ?'
            contains -- $word $scripts; and set context "run $word"
            set rows (__blksh_rows $context)
        else if test -z "$context"
            switch $word
                case run help
                    set subject $word
                case install completion
                    set context $word
                case '*/*' '*.kts'
                    set context 'run ?'
                case '*'
                    return
            end
            test -n "$context"; and set rows (__blksh_rows $context)
        else if test "$columns[2]" = c
            set context "$context $word"
            set rows (__blksh_rows $context)
        end
    end
    if test -n "$subject"
        for row in @SCRIPTS@
            set -l columns (string split '|' -- $row)
            printf '%s\t%s\n' $columns[1] $columns[4]
        end
        test $subject = run; and __blksh_values k '' "$cur" ''
        return
    end
    if string match -q -- '-*=*' $cur
        set -l parts (string split -m 1 = -- $cur)
        set -l columns (__blksh_look_up $parts[1] $rows); or return
        __blksh_values $columns[2] "$columns[3]" "$parts[2]" "$parts[1]="
        return
    end
    if test -n "$expected"; and not string match -q -- '-*' $cur
        __blksh_values $expected "$chosen" "$cur" ''
        return
    end
    set -l operand ''
    set -l found
    set -l all
    for row in $rows
        set -l columns (string split '|' -- $row)
        set -l shown "$columns[1]"\t"$columns[4]"
        if test -z "$columns[1]"
            set operand $columns[2]
            string match -q -- '-*' $cur; or __blksh_values $columns[2] "$columns[3]" "$cur" ''
        else
            set -a all $shown
            if string match -q -- '-*' $cur; or test "$columns[2]" = c
                set -a found $shown
            end
        end
    end
    if test -z "$cur$operand$found"
        # Nothing but options can follow.
        set found $all
    end
    test -z "$found"; or printf '%s\n' $found
    test -z "$context"; and __blksh_values k '' "$cur" ''
end

for name in blksh diskdump blkcache vpartclone vntfsclone cacheback odarchive
    complete -c $name -f -a '(__blksh_complete)'
end
