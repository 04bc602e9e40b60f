# SPDX-License-Identifier: Apache-2.0
# hb_sbom(PROGRAM [DLOPEN sonames…]): its software bill of materials, compiled into it and left
# beside it as sbom/PROGRAM.cdx.json. It is made from what the linker did, not from what was asked of
# it: the program is linked a first time without, that one's dynamic section and link map are read,
# and the second link differs by the bytes of the bill alone. docs/decisions/0160-sbom.md
#
# Call it when everything else about the program has been said.
set(HB_COMMIT "" CACHE STRING "git commit for the bill of materials; left out when the tree is not exactly that")
set(HB_SBOM_DIR "${CMAKE_BINARY_DIR}/sbom")

function(hb_sbom program)
    cmake_parse_arguments(ARG "" "" "DLOPEN" ${ARGN})
    set(first "${program}-first")
    set(json "${HB_SBOM_DIR}/${program}.cdx.json")
    set(source "${HB_SBOM_DIR}/${program}_sbom.c")
    file(MAKE_DIRECTORY "${HB_SBOM_DIR}")
    file(CONFIGURE OUTPUT "${HB_SBOM_DIR}/none.c" CONTENT
"#include \"base/sbom.h\"
const hb_sbom hb_sbom_self = {\"\", 0, \"\"};
")
    get_target_property(sources ${program} SOURCES)
    get_target_property(libraries ${program} LINK_LIBRARIES)
    get_target_property(depends ${program} LINK_DEPENDS)
    get_target_property(before ${program} MANUALLY_ADDED_DEPENDENCIES)
    add_executable(${first} ${sources} "${HB_SBOM_DIR}/none.c")
    target_link_libraries(${first} PRIVATE ${libraries})
    set_target_properties(${first} PROPERTIES RUNTIME_OUTPUT_DIRECTORY "${HB_SBOM_DIR}")
    if(depends)
        set_target_properties(${first} PROPERTIES LINK_DEPENDS "${depends}")
    endif()
    if(before)
        add_dependencies(${first} ${before})
    endif()
    foreach(target IN ITEMS ${program} ${first})
        target_link_options(${target} PRIVATE "-Wl,-Map=${HB_SBOM_DIR}/${target}.map")
    endforeach()

    string(REPLACE ";" "|" dlopen "${ARG_DLOPEN}")
    add_custom_command(
        OUTPUT "${json}" "${source}"
        COMMAND "${CMAKE_COMMAND}" "-DPROGRAM=${program}" "-DBINARY=$<TARGET_FILE:${first}>"
                "-DMAP=${HB_SBOM_DIR}/${first}.map" "-DDLOPEN=${dlopen}" "-DVERSION=${PROJECT_VERSION}"
                "-DCOMPILER=${CMAKE_C_COMPILER_ID} ${CMAKE_C_COMPILER_VERSION}"
                "-DCC=${CMAKE_C_COMPILER}" "-DREADELF=${CMAKE_READELF}" "-DCOMMIT=${HB_COMMIT}"
                "-DTREE=${CMAKE_SOURCE_DIR}" "-DBUILD=${CMAKE_BINARY_DIR}"
                "-DTABLE=${CMAKE_SOURCE_DIR}/cmake/third_party.txt"
                "-DLICENCES=${HB_SBOM_DIR}/licences/${program}" "-DJSON=${json}" "-DSOURCE=${source}" -P "${CMAKE_SOURCE_DIR}/cmake/sbom.cmake"
        DEPENDS ${first} "${CMAKE_SOURCE_DIR}/cmake/sbom.cmake"
                "${CMAKE_SOURCE_DIR}/cmake/third_party.txt"
        VERBATIM)
    target_sources(${program} PRIVATE "${source}")
    install(DIRECTORY "${HB_SBOM_DIR}/licences/${program}/" DESTINATION "${CMAKE_INSTALL_DOCDIR}/licences")
    install(FILES "${json}" DESTINATION "${CMAKE_INSTALL_DATADIR}/harmony-bridge")
endfunction()
