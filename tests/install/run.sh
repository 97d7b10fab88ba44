#!/usr/bin/env bash
# run.sh <cmake> <build dir> <source dir> <c++ compiler> <c compiler>
#
# Installs the build into a new prefix, moves it (an installed tree is relocatable), builds a vendor's
# plugin and two applications against it, and judges the plugin with the installed suite.
set -euo pipefail
cmake=$1 build=$2 source=$3 cxx=$4 cc=$5
work=$(mktemp -d)
trap 'rm -rf "$work"' EXIT
export XDG_CONFIG_HOME="$work/config" XDG_CACHE_HOME="$work/cache"
unset FG_PLUGIN_PATH GEMS_VENDOR
export CMAKE_GENERATOR=Ninja  # make is not among the packages that ./dev installs

step() { printf '== %s\n' "$*"; }

step "install"
"$cmake" --install "$build" --prefix "$work/first" >/dev/null
mv "$work/first" "$work/prefix"
prefix="$work/prefix"

step "vendor's plugin from find_package(fg)"
cp -r "$source/examples/vendor_plugin" "$work/acme"
"$cmake" -S "$work/acme" -B "$work/acme/build" -DCMAKE_BUILD_TYPE=Release -DCMAKE_PREFIX_PATH="$prefix" \
  -DCMAKE_CXX_COMPILER="$cxx" -DCMAKE_C_COMPILER="$cc" >/dev/null
"$cmake" --build "$work/acme/build" >/dev/null
plugin=$(find "$work/acme/build" -name libfg_acme.so)
[ -n "$plugin" ]

step "exports one symbol and has the note"
symbols=$(nm -D --defined-only "$plugin" | awk '{print $NF}')
[ "$symbols" = fg_plugin_query_v1 ] || { echo "exports: $symbols"; exit 1; }
readelf -S "$plugin" | grep '\.note\.fg' >/dev/null  # not -q: it leaves the pipe early, which pipefail takes for a failure

step "the installed suite passes it"
"$prefix/bin/fg-conformance" --plugin "$plugin" --tier quick -f 'op.rms_norm/input=f32*' -f '!*/composite#*' run
"$prefix/bin/fg-conformance" --plugin "$plugin" --tier quick -f 'device.*' -f 'memory.*' -f 'stream.timelines' run

step "fg-info finds it on the plugin path"
FG_PLUGIN_PATH=$(dirname "$plugin") "$prefix/bin/fg-info" --json | grep '"acme"' >/dev/null

step "an application from find_package(fg)"
"$cmake" -S "$source/tests/install/app" -B "$work/app" -DCMAKE_PREFIX_PATH="$prefix" \
  -DCMAKE_CXX_COMPILER="$cxx" -DCMAKE_C_COMPILER="$cc" >/dev/null
"$cmake" --build "$work/app" >/dev/null
[ "$("$work/app/app")" = "5 cpu" ]

step "an application from pkg-config, in C"
export PKG_CONFIG_PATH="$prefix/lib/pkgconfig"
# shellcheck disable=SC2046
"$cc" -std=c11 "$source/examples/hello_c/main.c" -o "$work/hello_c" $(pkg-config --cflags --libs fg) -Wl,-rpath,"$prefix/lib"
"$work/hello_c"

step "1 passed, 0 failed"
