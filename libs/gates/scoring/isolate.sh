#!/bin/sh
# Runs a command that sees neither the service's files nor the processes, the network and the devices of the machine, and
# can write nowhere but in memory of its own. Started by libs/gates/src/holdout/isolation.ts as the first process of new
# namespaces; whatever is mounted here is gone with them.
#
#   isolate.sh FOLDER BYTES [hide=PATH | keep=PATH]... -- COMMAND...
#
# FOLDER/work is the working directory, /tmp/work, and can only be read. All that can be written is /tmp, BYTES in memory.
# hide: nothing is seen of the file or folder. keep: a folder below /tmp is still there, to be read.
set -eu
folder=$1
bytes=$2
shift 2

# Shows a file or folder at another place too, to be read only.
show() {
  mount --rbind "$1" "$2"
  mount -o remount,bind,ro,nosuid "$2"
}

# What is mounted below something else, or what even its owner may not enter, cannot be made read-only, and not be reached.
while read -r _ _ _ _ place _; do
  case $place in
    /proc | /proc/*) ;;
    *) mount -o remount,bind,ro,nosuid "$(printf %b "$place")" 2>/dev/null || : ;;
  esac
done </proc/self/mountinfo
for path in /proc/sys /proc/sysrq-trigger /proc/irq /proc/bus; do
  if [ -e "$path" ]; then show "$path" "$path"; fi
done

temporary=$folder/temporary
mount -t tmpfs -o "size=$bytes,mode=755,nosuid,nodev" tmpfs "$temporary"
mkdir "$temporary/work" "$temporary/dev" "$temporary/dev/shm"
show "$folder/work" "$temporary/work"
for device in null zero full random urandom; do
  : >"$temporary/dev/$device"
  mount --bind "/dev/$device" "$temporary/dev/$device"
done
ln -s /proc/self/fd "$temporary/dev/fd"

while [ "$1" != -- ]; do
  path=${1#*=}
  case $1 in
    hide=*)
      if [ -d "$path" ]; then mount -t tmpfs -o size=4k,ro tmpfs "$path"
      elif [ -e "$path" ]; then mount --bind "$temporary/dev/null" "$path"
      fi ;;
    keep=/tmp/*)
      mkdir -p "$temporary/${path#/tmp/}"
      show "$path" "$temporary/${path#/tmp/}" ;;
  esac
  shift
done
shift

mount --rbind "$temporary/dev" /dev
mount --rbind "$temporary" /tmp
# Sockets of services that trust whoever can reach them.
for path in /run /var/run /var/tmp; do
  if [ -d "$path" ] && [ ! -L "$path" ]; then mount -t tmpfs -o size=4k,ro tmpfs "$path"; fi
done

# When the machine runs out of memory, this is what has to go, and not the worker.
echo 1000 >/proc/self/oom_score_adj
cd /tmp/work
exec "$@"
