# SPDX-License-Identifier: Apache-2.0
string(REPLACE "|" ";" PATHS "${PATHS}")
set(arrays "")
set(rows "")
set(i 0)
foreach(path IN LISTS PATHS)
    file(READ "${path}" hex HEX)
    file(RELATIVE_PATH name "${ROOT}" "${path}")
    string(LENGTH "${hex}" digits)
    math(EXPR len "${digits} / 2")
    string(REGEX REPLACE "([0-9a-f][0-9a-f])" "'\\\\x\\1'," bytes "${hex}")
    string(APPEND arrays "static const char file_${i}[] = {${bytes}0};\n")
    string(APPEND rows "    {\"${name}\", file_${i}, ${len}},\n")
    math(EXPR i "${i} + 1")
endforeach()
file(WRITE "${OUT}" "/* Generated from the files named below. */
#include \"config/embedded.h\"

${arrays}
const hb_embedded hb_embedded_files[] = {
${rows}};
const size_t hb_embedded_count = ${i};
")
