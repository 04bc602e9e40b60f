# SPDX-License-Identifier: Apache-2.0
# hb_static_program(NAME SOURCE ROOMS … ARCHIVES …): a program without a shared library, from rooms
# and the archives (lib*.a) of outside libraries. Where one of those is not installed, and with
# sanitizers, it is linked like any other, and that is said.
function(hb_static_program name source)
    cmake_parse_arguments(ARG "" "" "ROOMS;ARCHIVES" ${ARGN})
    add_executable(${name} ${source})
    set_target_properties(${name} PROPERTIES RUNTIME_OUTPUT_DIRECTORY "${CMAKE_BINARY_DIR}")
    set(missing "")
    set(archives "")
    foreach(archive IN LISTS ARG_ARCHIVES)
        find_library(HB_ARCHIVE_${archive} NAMES lib${archive}.a)
        mark_as_advanced(HB_ARCHIVE_${archive})
        if(NOT HB_ARCHIVE_${archive})
            string(APPEND missing " lib${archive}.a")
        endif()
        list(APPEND archives "${HB_ARCHIVE_${archive}}")
    endforeach()
    if(HB_SANITIZE OR HB_COVERAGE OR HB_FUZZ)
        set(missing " (instrumented build)")
    endif()
    if(missing)
        message(STATUS "${name} is not static:${missing}")
        list(TRANSFORM ARG_ROOMS PREPEND hb_)
        target_link_libraries(${name} PRIVATE ${ARG_ROOMS})
        return()
    endif()
    set(rooms "")
    foreach(room IN LISTS ARG_ROOMS)
        list(APPEND rooms "$<TARGET_FILE:hb_${room}>")
        add_dependencies(${name} hb_${room})
    endforeach()
    # libcrypto has parts that would look up host names; nothing here calls them, and the linker
    # would warn of each.
    include(CheckLinkerFlag)
    check_linker_flag(C "-Wl,--no-warnings" HB_LINKER_NO_WARNINGS)
    target_link_libraries(${name} PRIVATE hb_flags
        -static-pie -Wl,--gc-sections $<$<CONFIG:Release>:-s>
        $<$<BOOL:${HB_LINKER_NO_WARNINGS}>:-Wl,--no-warnings>
        -Wl,--start-group ${rooms} -Wl,--end-group ${archives} m Threads::Threads ${CMAKE_DL_LIBS})
    set_target_properties(${name} PROPERTIES LINK_DEPENDS "${rooms}")
endfunction()
