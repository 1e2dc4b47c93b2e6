#!/usr/bin/env bash
# Gradescope runs this once, as root, when it builds the image: Python, and what the judge needs.
set -euo pipefail

# Where pip finds packages besides its own index, such as torch's builds for machines without a graphics card.
EXTRA_INDEX=@EXTRA_INDEX@
SOURCE=/autograder/source
ENVIRONMENT=/autograder/environment

# Ubuntu 22.04 has a release candidate of Python 3.11, which today's packages refuse after many minutes.
usable() { "python$1" -c "import ensurepip, sys; sys.exit(sys.version_info < (3, 11, 5))" 2> /dev/null; }
python=""
for version in 3.13 3.12 3.11; do
  usable "$version" && python="python$version" && break
done
if [ -z "$python" ]; then
  apt-get update
  for version in 3.13 3.12 3.11; do
    apt-get install -y --no-install-recommends "python$version" "python$version-venv" && usable "$version" \
      && python="python$version" && break
  done
fi
[ -n "$python" ] || { echo "No Python from 3.11.5 to 3.13 can be had here: choose Ubuntu 24.04 as the base image."; exit 1; }

"$python" -m venv "$ENVIRONMENT"
# The course, its graders and their packages. For wheels instead of the source, change this line.
"$ENVIRONMENT/bin/pip" install --no-cache-dir ${EXTRA_INDEX:+--extra-index-url "$EXTRA_INDEX"} \
  --constraint "$SOURCE/course/constraints.txt" --editable "$SOURCE/course" --editable "$SOURCE/course/instructor"

# In each fresh container all would be compiled once more.
"$ENVIRONMENT/bin/python" -m compileall -q "$SOURCE/course/autograder" "$SOURCE/course/llm_course" "$SOURCE/course/solutions"

# Learners' code runs as another user. It may import llm_course, and read nothing else of what came with the zip.
chmod 711 "$SOURCE" "$SOURCE/course"
chmod -R go-rwx "$SOURCE/assignment" "$SOURCE/course/autograder" "$SOURCE/course/solutions" "$SOURCE/course/chapters"
chmod -R go+rX,go-w "$SOURCE/course/llm_course"
