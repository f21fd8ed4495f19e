#compdef blksh diskdump blkcache vpartclone vntfsclone cacheback odarchive
# Completion of blksh for zsh, made from what its verbs and scripts declare.

# What may follow in a context, a row each: word|what follows it|choices|help.
_blksh_rows() {
  case $1 in
@TABLE@
    *) rows=@ANY@ ;;
  esac
}

# What is known of a word in the context: sets follows and choices.
_blksh_look_up() {
  local line
  local -a field
  follows= choices=
  for line in "${(@f)rows}"; do
    field=("${(@s:|:)line}")
    [[ $field[1] == "$1" ]] || continue
    follows=$field[2] choices=$field[3]
    return 0
  done
  return 1
}

_blksh_values() {
  case ${(L)1} in
    f) _files ;;
    d) _files -/ ;;
    k) _files -g '*.kts' ;;
    w) compadd -- ${=choices} ;;
  esac
}

_blksh() {
  local context= subject= rows= follows= choices= expected= chosen= word line operand= any=
  local cur=$words[CURRENT] name=${words[1]:t}
  local -a scripts field found
  local -i i
  scripts=(@NAMES@)
  (( ! $scripts[(Ie)$name] )) || context="run $name"
  _blksh_rows "$context"
  for (( i = 2; i < CURRENT; i++ )); do
    word=$words[i]
    if [[ $word == -- && -n $context ]]; then
      # What follows is another command's, or no option.
      _files
      return
    elif [[ $word == -* ]]; then
      expected= chosen=
      if _blksh_look_up "$word" && [[ $follows != [-c] ]]; then expected=$follows chosen=$choices; fi
    elif [[ -n $expected ]]; then
      [[ $expected == [FDWV] ]] || expected=
    elif [[ -n $subject ]]; then
      [[ $subject != help ]] || return
      context='run ?' subject=
      (( ! $scripts[(Ie)$word] )) || context="run $word"
      _blksh_rows "$context"
    elif [[ -z $context ]]; then
      case $word in
        run | help) subject=$word ;;
        install) context=install rows='|d||' ;;
        completion) context=completion rows='|w|@SHELLS@|' ;;
        */* | *.kts) context='run ?' && _blksh_rows "$context" ;;
        *) return ;;
      esac
    elif _blksh_look_up "$word" && [[ $follows == c ]]; then
      context="$context $word"
      _blksh_rows "$context"
    fi
  done
  if [[ -n $subject ]]; then
    rows=@SCRIPTS@
    for line in "${(@f)rows}"; do
      field=("${(@s:|:)line}")
      found+=("$field[1]:$field[4]")
    done
    _describe -t scripts script found
    [[ $subject != run ]] || _blksh_values k
    return
  fi
  if [[ $cur == -*=* ]]; then
    _blksh_look_up "${cur%%=*}" || return
    compset -P '*='
    _blksh_values "$follows"
    return
  fi
  if [[ -n $expected && $cur != -* ]]; then
    choices=$chosen
    _blksh_values "$expected"
    return
  fi
  for line in "${(@f)rows}"; do
    field=("${(@s:|:)line}")
    if [[ -z $field[1] ]]; then
      operand=$field[2] choices=$field[3]
      [[ $cur == -* ]] || _blksh_values "$operand"
    elif [[ $cur == -* || $field[2] == c ]]; then
      found+=("$field[1]:$field[4]")
    else
      any=yes
    fi
  done
  if [[ -z $cur && -z $operand && -n $any && -z $found ]]; then
    # Nothing but options can follow.
    for line in "${(@f)rows}"; do
      field=("${(@s:|:)line}")
      found+=("$field[1]:$field[4]")
    done
  fi
  [[ -z $found ]] || _describe -o -t words word found
  [[ -n $context ]] || _blksh_values k
}

_blksh "$@"
