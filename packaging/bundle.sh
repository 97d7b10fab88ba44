#!/usr/bin/env bash
# bundle.sh <build dir> <output dir>: a relocatable tarball of programs, core, plugins, headers and
# every shared library they need but glibc's own, found through $ORIGIN.  It runs on any Linux of
# this architecture with the same or a newer glibc, without installing anything.
set -euo pipefail

build=$1
out=$2
version=$(sed -n 's/^project(fg VERSION \([0-9.]*\).*/\1/p' CMakeLists.txt)
name="fg-$version-linux-$(uname -m)"
root="$out/$name"

rm -rf "$root"
mkdir -p "$root"
cmake --install "$build" --prefix "$root" >/dev/null
is_elf() { [ "$(head -c 4 "$1" | tr -d '\0')" = $'\x7fELF' ]; }
elves() { find "$root/bin" "$root/lib" "$root/libexec" -type f 2>/dev/null | while read -r f; do if is_elf "$f"; then echo "$f"; fi; done; }

# glibc stays the system's: a second one beside the system's loader does not work.
glibc='^(ld-linux.*|libc|libm|libdl|libpthread|librt|libresolv|libutil|libanl|libnss_.*|libmvec|linux-vdso)\.so'
while :; do
  added=0
  for file in $(elves); do
    while read -r library path; do
      if [[ $library =~ $glibc ]] || [ -e "$root/lib/$library" ]; then continue; fi
      [ -n "$path" ] || { echo "bundle: $file needs $library, which is not on this system" >&2; exit 4; }
      cp -L "$path" "$root/lib/$library"
      chmod 755 "$root/lib/$library"
      added=1
    done < <(LD_LIBRARY_PATH="$root/lib" ldd "$file" | sed -n 's/^[[:space:]]*\([^ ]*\) => \(\/[^ ]*\).*/\1 \2/p; s/^[[:space:]]*\([^ ]*\) => not found.*/\1 /p')
  done
  [ "$added" -eq 1 ] || break
done

for file in $(elves); do
  up=$(realpath --relative-to="$(dirname "$file")" "$root/lib")
  patchelf --set-rpath "\$ORIGIN:\$ORIGIN/$up" "$file"
done

tar -C "$out" -czf "$out/$name.tar.gz" "$name"
echo "$out/$name.tar.gz"
