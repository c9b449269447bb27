#!/usr/bin/env bash
# The style's test finds what it must: a tree of two files, each with a planted fault.
set -euo pipefail
here=$(cd "$(dirname "$0")" && pwd)
tree=$(mktemp -d)
trap 'rm -rf "$tree"' EXIT
cd "$tree"
git init -q
mkdir -p src/graph src/kube
printf 'base:\nkube: base\ngraph: base\n' >src/LAYERS
printf '// graph/a.cc: a planted fault.\n\n#include "kube/client.h"\n' >src/graph/a.cc
printf '// kube/b.cc: another.\n\nstd::mutex lock;\nvoid f() { using namespace std; }\n' >src/kube/b.cc
printf '// kube/wrong.cc: a name that is not its own.\n' >src/kube/c.cc
printf '# One\n\n[gone](nothing.md)\n\n# Two\n' >README.md
TIDY_ROOT=$tree python3 "$here/tidy.py" >out && { echo "FAILED: nothing was found"; exit 1; }
passed=0
for text in 'src/graph/a.cc:3: graph may not include kube' "src/kube/b.cc:3: 'std::mutex' is not used here" \
    "src/kube/c.cc:1: the first line does not say" 'README.md:3: link to nothing.md leads nowhere' 'README.md: 2 titles'; do
    grep -qF "$text" out || { echo "FAILED: tidy does not say: $text"; cat out; exit 1; }
    passed=$((passed + 1))
done
echo "tidy self-test: $passed passed, 0 failed"
