#!/usr/bin/env bash
# glslang.sh FOLDER: unpacks the packages of glslang.txt there and writes FOLDER/bin/glslang and FOLDER/bin/spirv-val, which
# start them with the C library that they were built for.  FG_DEBIAN_MIRROR names another archive than apt's own.
# Exit code 3 when a package cannot be had; the folder is then not there.
set -euo pipefail

list=$(dirname "${BASH_SOURCE[0]}")/glslang.txt
folder=$1
part=$folder.part

say() { printf 'glslang.sh: %s\n' "$*" >&2; }

# The archive that apt is set up for: with its security updates beside it, the shortest.
mirror() {
  if [ -n "${FG_DEBIAN_MIRROR:-}" ]; then echo "$FG_DEBIAN_MIRROR"; return; fi
  # shellcheck disable=SC2016  # apt expands it
  apt-get indextargets --format '$(REPO_URI)' 'Created-By: Packages' 2>/dev/null | grep -E '/debian/?$' | head -n 1
}

# fetch PACKAGE: the first of its rows that can be had
fetch() {
  local package architecture version sha256 place file
  while read -r package architecture version sha256 place; do
    [ "$package" = "$1" ] && [ "$architecture" = "$(dpkg --print-architecture)" ] || continue
    file=${package}_${version}_$architecture.deb
    if "$helper" -o Acquire::http::Timeout=20 -o Acquire::https::Timeout=20 -o Acquire::Retries=1 \
      download-file "${archive%/}/$place/$file" "$part/$file" "SHA256:$sha256" >"$part/log" 2>&1; then
      dpkg-deb --extract "$part/$file" "$part/root"
      return 0
    fi
  done <"$list"
  say "no row of $list for $1 can be had: $(grep -m 1 '^E:' "$part/log" 2>/dev/null || echo 'none is for this architecture')"
  return 1
}

# start NAME: a script that runs root/usr/bin/NAME with the loader and the libraries beside it
start() {
  cat >"$part/bin/$1" <<TEXT
#!/bin/sh
root=\$(dirname "\$(readlink -f "\$0")")/../root
exec "\$root/${loader#"$part/root/"}" --library-path "\$root/$(dirname "${loader#"$part/root/"}")" "\$root/usr/bin/$1" "\$@"
TEXT
  chmod +x "$part/bin/$1"
}

helper=/usr/lib/apt/apt-helper
if ! [ -x "$helper" ] || ! command -v dpkg-deb >/dev/null; then say "no apt here"; exit 3; fi
archive=$(mirror)
if [ -z "$archive" ]; then say "apt names no archive of Debian; FG_DEBIAN_MIRROR can"; exit 3; fi
rm -rf "$part"
mkdir -p "$part/bin" "$part/root"
for package in $(sed -n 's/^\([a-z][^ ]*\) .*/\1/p' "$list" | sort -u); do
  fetch "$package" || { rm -rf "$part"; exit 3; }
done
loader=$(find "$part/root/usr/lib" -name 'ld-linux-*.so.?' ! -type l | head -n 1)
start glslang
start spirv-val
if ! "$part/bin/glslang" --version >"$part/log" 2>&1 || ! "$part/bin/spirv-val" --version >>"$part/log" 2>&1; then
  say "what was unpacked does not run here: $(head -n 1 "$part/log")"
  rm -rf "$part"
  exit 3
fi
rm -f "$part"/*.deb "$part/log"
find "$part/root" \( -type f -o -type l \) ! -path '*/bin/glslang' ! -path '*/bin/spirv-val' ! -name '*.so.*' -delete
find "$part/root" -depth -type d -empty -delete
rm -rf "$folder"
mv "$part" "$folder"
say "$folder: $("$folder/bin/glslang" --version | head -n 1)"
