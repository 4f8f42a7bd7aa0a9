# shellcheck shell=bash disable=SC2034 # what is set here is used where this is sourced
# What the scripts here share: where things lie, what the machine must have, and how a step speaks and fails.
# Sourced, never run.

set -euo pipefail

ROOT=$(cd "$(dirname "${BASH_SOURCE[0]}")/.." && pwd -P)
STATE=$ROOT/.sluice
VENV_AWS=$STATE/venv-aws
VENV_SAM=$STATE/venv-sam
VENV_ZIG=$STATE/venv-zig
VENV_CHECKOV=$STATE/venv-checkov
PYTHON=${PYTHON:-python3}
# The binary that receives the traces of the local AWS.
RECEIVER=receive-traces

# Unless told, SAM reports its use and keeps a folder in HOME (local/venv makes this one).
export SAM_CLI_TELEMETRY=0 SAM_CLI_NO_COLOR=1 SAM_CLI_POLL_DELAY=1 __SAM_CLI_APP_DIR="$STATE/sam"

say() { printf '==> %s\n' "$*"; }

# die WHAT NEXT-COMMAND
die() {
  printf 'error: %s. Next: %s\n' "$1" "$2" >&2
  exit 1
}

# The path as a user at the root would type it.
short() { printf '%s' "${1#"$ROOT"/}"; }

# step TEXT LOG NEXT-COMMAND CMD...: shows that CMD works, and for how long; if it fails, the end of its log and one line more.
step() {
  local text=$1 log=$2 next=$3 status=0 start=$SECONDS progress
  shift 3
  say "$text (log: $(short "$log"))"
  show_progress "$log" &
  progress=$!
  # Cargo counts what it compiles for show_progress to read.
  CARGO_TERM_PROGRESS_WHEN=always CARGO_TERM_PROGRESS_WIDTH=80 "$@" >"$log" 2>&1 || status=$?
  kill "$progress" 2>/dev/null || true
  wait "$progress" 2>/dev/null || true
  [[ ! -t 1 ]] || printf '\r\e[K'
  # Of what overwrote itself the log keeps the last.
  sed -i 's/.*\r//' "$log"
  if ((status != 0)); then
    tail -n 25 "$log" | sed 's/^/    /' >&2
    die "$text failed with status $status" "$next"
  fi
  ((SECONDS - start < 2)) || printf '    done in %d s\n' $((SECONDS - start))
}

# show_progress LOG: the seconds, and what cargo has counted in LOG; on a terminal each second in the same line, elsewhere each
# half minute in a new one. It ends with the script.
show_progress() {
  local start=$SECONDS next=30 count seconds
  while sleep 1 && kill -0 $$ 2>/dev/null; do
    seconds=$((SECONDS - start))
    [[ -t 1 ]] || ((seconds >= next)) || continue
    next=$((next + 30))
    count=$(tail -c 400 "$1" 2>/dev/null | tr '\r' '\n' | sed -n 's/.*\] *\([0-9]*\)\/\([0-9]*\).*/, \1 of \2 compiled/p' | tail -n 1) || true
    if [[ -t 1 ]]; then printf '\r\e[K    %d s%s' "$seconds" "$count"; else printf '    %d s%s\n' "$seconds" "$count"; fi
  done
}

host_architecture() {
  case $(uname -m) in
    x86_64 | amd64) echo x86_64 ;;
    aarch64 | arm64) echo arm64 ;;
    *) die "Lambda has no processor like this one, $(uname -m)" "use an x86_64 or arm64 machine" ;;
  esac
}

need_python() {
  command -v "$PYTHON" >/dev/null ||
    die "no Python here" "apt-get install python3 python3-venv"
  # cfn-lint sets the upper bound.
  "$PYTHON" -c 'import sys; sys.exit(not (3, 10) <= sys.version_info < (3, 15))' ||
    die "$("$PYTHON" --version 2>&1) is not 3.10 to 3.14" "install one of those, then run again with PYTHON=<its path>"
  "$PYTHON" -c 'import ensurepip, venv' 2>/dev/null ||
    die "$PYTHON cannot make virtual environments" "apt-get install python3-venv"
}

need_rust() {
  command -v cargo >/dev/null || die "no cargo here" "install Rust as https://rustup.rs says"
  command -v cc >/dev/null || die "no C compiler here, and Rust links with one" "apt-get install gcc libc6-dev"
}

need_node() {
  command -v node >/dev/null && command -v npm >/dev/null || die "no Node.js here" "install Node.js 20 or later, such as by apt-get install nodejs npm"
  # What the packages need that a Node.js of 2023 lacks.
  node -e 'process.exit(typeof URL.parse === "function" && typeof require("crypto").hash === "function" ? 0 : 1)' ||
    die "Node.js $(node --version) is too old" "install the newest Node.js 20, or a later one"
}

# run_local CMD...: with the address of the local AWS, $endpoint, and none of the user's AWS settings, so that nothing reaches a real one.
run_local() (
  unset "${!AWS_@}" http_proxy https_proxy all_proxy HTTP_PROXY HTTPS_PROXY ALL_PROXY
  export AWS_ENDPOINT_URL=$endpoint AWS_ACCESS_KEY_ID=test AWS_SECRET_ACCESS_KEY=test AWS_DEFAULT_REGION=us-east-1
  export AWS_CONFIG_FILE=/dev/null AWS_SHARED_CREDENTIALS_FILE=/dev/null AWS_EC2_METADATA_DISABLED=true
  "$@"
)

# Fills the global array LOCKED with the words that run a command alone: "${LOCKED[@]}" CMD...
lock() {
  mkdir -p "$STATE"
  LOCKED=("$PYTHON" "$ROOT/local/aws.py" locked "$STATE/$1.lock")
}
