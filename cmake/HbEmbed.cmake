# SPDX-License-Identifier: Apache-2.0
# Files that travel inside the program (configuration `hb init` writes, adapter profiles, schemas).
# hb_embed(target ROOT dir FILES patterns…) generates the table behind src/config/embedded.h.
function(hb_embed target)
    cmake_parse_arguments(ARG "" "ROOT" "FILES" ${ARGN})
    set(out "${CMAKE_CURRENT_BINARY_DIR}/embedded_${target}.c")
    set(paths "")
    foreach(pattern IN LISTS ARG_FILES)
        file(GLOB found CONFIGURE_DEPENDS "${ARG_ROOT}/${pattern}")
        list(APPEND paths ${found})
    endforeach()
    list(SORT paths)
    string(REPLACE ";" "|" joined "${paths}")
    add_custom_command(
        OUTPUT "${out}"
        COMMAND "${CMAKE_COMMAND}" "-DROOT=${ARG_ROOT}" "-DPATHS=${joined}" "-DOUT=${out}"
                -P "${CMAKE_SOURCE_DIR}/cmake/embed.cmake"
        DEPENDS ${paths} "${CMAKE_SOURCE_DIR}/cmake/embed.cmake"
        VERBATIM)
    target_sources(${target} PRIVATE "${out}")
endfunction()
