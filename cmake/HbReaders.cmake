# SPDX-License-Identifier: Apache-2.0
# The libraries that only the sandboxed child calls: matio, HDF5. They are linked from their
# archives where those are installed: Debian's shared HDF5 pulls in curl, Kerberos and LDAP, and
# loading them takes longer than everything `hb --version` does. docs/decisions/0058-hdf5.md
option(HB_READERS_SHARED "link matio and HDF5 as shared libraries" OFF)

# name (as pkg-config knows it), archives in the order of linking, further libraries
function(hb_reader target package)
    cmake_parse_arguments(ARG "" "" "ARCHIVES;LIBS" ${ARGN})
    string(TOUPPER "READER_${target}" prefix)
    pkg_check_modules(${prefix} REQUIRED IMPORTED_TARGET ${package})
    add_library(dep_${target} INTERFACE)
    set(found "")
    foreach(archive IN LISTS ARG_ARCHIVES)
        find_library(${prefix}_${archive} NAMES "lib${archive}.a" HINTS ${${prefix}_LIBRARY_DIRS})
        if(${prefix}_${archive} AND NOT HB_READERS_SHARED)
            list(APPEND found "${${prefix}_${archive}}")
        endif()
    endforeach()
    list(LENGTH found n_found)
    list(LENGTH ARG_ARCHIVES n_wanted)
    if(n_found EQUAL n_wanted)
        target_include_directories(dep_${target} SYSTEM INTERFACE ${${prefix}_INCLUDE_DIRS})
        target_link_libraries(dep_${target} INTERFACE ${found} ${ARG_LIBS})
    else()
        target_link_libraries(dep_${target} INTERFACE PkgConfig::${prefix})
    endif()
endfunction()

function(hb_find_readers)
    hb_reader(hdf5 hdf5-serial ARCHIVES hdf5_serial sz aec LIBS dep_zlib m ${CMAKE_DL_LIBS})
    hb_reader(matio matio ARCHIVES matio LIBS dep_hdf5 dep_zlib m)
endfunction()
