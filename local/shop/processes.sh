# shellcheck shell=bash disable=SC2034 # what is set here is used where this is sourced
# The processes of the shop front: which they are, where their files lie, and how each starts and ends. Sourced, never run.

. "$(dirname "${BASH_SOURCE[0]}")/../lib.sh"

dir=${LOCAL_DIR:-$STATE/local}
[[ $dir == /* ]] || dir=$ROOT/$dir
shop=$dir/shop
PROCESSES=(proxy legacy issuer)
READY_SECONDS=30
STOP_SECONDS=10

# running NAME: the process's id, if it is the one that was started here. Ids are given out again, so its command is looked at.
running() {
  local pid command
  { pid=$(<"$shop/$1.pid") && command=$(command_of "$pid"); } 2>/dev/null || return 1
  [[ $command == "node $ROOT/local/shop/$1.mjs "* ]] && echo "$pid"
}
command_of() { tr '\0' ' ' <"/proc/$1/cmdline"; }

# ready NAME: has it said so? What it says begins with it.
ready() { grep -q ' ready: ' "$shop/$1.log" 2>/dev/null; }

# launch NAME NEXT-COMMAND OPTION...: starts it, and waits until it listens. One that runs with the same options stays as it is, with
# its sessions and keys; with others it is started anew.
launch() {
  local name=$1 next=$2 pid deadline=$((SECONDS + READY_SECONDS))
  local log=$shop/$name.log
  shift 2
  local command=(node "$ROOT/local/shop/$name.mjs" "$@")
  if pid=$(running "$name"); then
    if ready "$name" && [[ "$(command_of "$pid")" == "${command[*]} " ]]; then return 0; fi
    finish "$name"
  fi
  say "Starting local/shop/$name.mjs (log: $(short "$log"))"
  : >"$log" # what an earlier one said is no news of this one
  (
    # It outlives this script, and must not keep open what the caller waits for or has locked.
    for fd in /proc/self/fd/*; do
      fd=${fd##*/}
      ((fd <= 2)) || eval "exec $fd>&-"
    done
    exec setsid "${command[@]}"
  ) </dev/null >"$log" 2>&1 &
  pid=$!
  echo "$pid" >"$shop/$name.pid"
  until ready "$name"; do
    if ! kill -0 "$pid" 2>/dev/null; then
      rm -f "$shop/$name.pid"
      tail -n 15 "$log" | sed 's/^/    /' >&2
      die "local/shop/$name.mjs does not start" "$next"
    fi
    ((SECONDS < deadline)) || die "local/shop/$name.mjs is not ready within $READY_SECONDS s" "look at $(short "$log"), then local/shop/down"
    sleep 0.1
  done
}

# finish NAME: ends it, if it runs.
finish() {
  local pid deadline=$((SECONDS + STOP_SECONDS))
  if pid=$(running "$1"); then
    kill -TERM "$pid" 2>/dev/null || true
    while running "$1" >/dev/null; do
      if ((SECONDS >= deadline)); then
        kill -KILL "$pid" 2>/dev/null || true
        break
      fi
      sleep 0.05
    done
  fi
  rm -f "$shop/$1.pid"
}
