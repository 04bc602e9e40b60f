# SPDX-License-Identifier: Apache-2.0
# A room's .proto file into C by protoc-c, at build time: include it as <NAME.pb-c.h>. The code is
# not ours, so our warnings and banned functions do not hold for it.
find_program(PROTOC_C protoc-c REQUIRED)

function(hb_protobuf room proto)
    get_filename_component(name "${proto}" NAME_WE)
    get_filename_component(folder "${CMAKE_CURRENT_SOURCE_DIR}/${proto}" DIRECTORY)
    set(out "${CMAKE_CURRENT_BINARY_DIR}/proto")
    file(MAKE_DIRECTORY "${out}")
    add_custom_command(
        OUTPUT "${out}/${name}.pb-c.c" "${out}/${name}.pb-c.h"
        COMMAND "${PROTOC_C}" "--proto_path=${folder}" "--c_out=${out}" "${name}.proto"
        DEPENDS "${CMAKE_CURRENT_SOURCE_DIR}/${proto}"
        VERBATIM)
    target_sources(hb_${room} PRIVATE "${out}/${name}.pb-c.c")
    target_include_directories(hb_${room} SYSTEM PRIVATE "${out}")
    set_source_files_properties("${out}/${name}.pb-c.c" PROPERTIES COMPILE_OPTIONS "-w")
endfunction()
