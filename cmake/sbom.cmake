# SPDX-License-Identifier: Apache-2.0
# Writes the bill of materials of a program that has been linked (HbSbom.cmake calls it): CycloneDX
# 1.6, sorted, without time and number of its own, so that the same build gives the same bytes.
cmake_minimum_required(VERSION 3.25)

# --- what was linked ---

# "name as in third_party.txt" of a library's or object's file.
function(short_name file out)
    get_filename_component(name "${file}" NAME)
    if(name MATCHES "\\.(so|a)(\\.[0-9.]+)?$")
        string(REGEX REPLACE "\\.(so|a)(\\.[0-9.]+)?$" "" name "${name}")
        string(REGEX REPLACE "-[0-9]+\\.[0-9.]+$" "" name "${name}") # libm-2.36.a
        string(REGEX REPLACE "^lib" "" name "${name}")
    endif()
    set(${out} "${name}" PARENT_SCOPE)
endfunction()

# Where the compiler finds a shared library; "" = it does not.
function(path_of soname out)
    execute_process(COMMAND "${CC}" "-print-file-name=${soname}" OUTPUT_VARIABLE path
                    OUTPUT_STRIP_TRAILING_WHITESPACE COMMAND_ERROR_IS_FATAL ANY)
    if(path STREQUAL soname)
        set(path "")
    endif()
    set(${out} "${path}" PARENT_SCOPE)
endfunction()

# Rows "linkage|name of the file|path".
set(rows "")
execute_process(COMMAND "${READELF}" -d -W "${BINARY}" OUTPUT_VARIABLE dynamic
                COMMAND_ERROR_IS_FATAL ANY)
string(REPLACE "[" "<" dynamic "${dynamic}") # a bracket that is not closed would join a list's elements
string(REGEX MATCHALL "\\(NEEDED\\)[^\n]*<[^]\n]+" needed "${dynamic}")
foreach(line IN LISTS needed)
    string(REGEX REPLACE ".*<" "" soname "${line}")
    path_of("${soname}" path)
    list(APPEND rows "dynamic|${soname}|${path}")
endforeach()
string(REPLACE "|" ";" DLOPEN "${DLOPEN}")
foreach(soname IN LISTS DLOPEN)
    path_of("${soname}" path)
    list(APPEND rows "dlopen|${soname}|${path}")
endforeach()

# In the map, at the start of a line, each archive's member that was taken, and each object as LOAD.
# Our own are named by relative paths or lie in the build folder.
file(STRINGS "${MAP}" taken REGEX "^/[^ ()]+\\.a\\(")
file(STRINGS "${MAP}" loaded REGEX "^LOAD /.*\\.o$")
list(TRANSFORM taken REPLACE "\\(.*" "")
list(TRANSFORM loaded REPLACE "^LOAD " "")
list(REMOVE_DUPLICATES taken)
foreach(path IN LISTS taken loaded)
    cmake_path(IS_PREFIX BUILD "${path}" NORMALIZE ours)
    get_filename_component(name "${path}" NAME)
    if(NOT ours)
        list(APPEND rows "static|${name}|${path}")
    endif()
endforeach()
if(NOT rows)
    message(FATAL_ERROR "sbom: '${BINARY}' and '${MAP}' name no library, expected at least the C library")
endif()

# --- of which packages ---

# A file may be known to dpkg by either side of the link from /lib to /usr/lib.
set(ask "")
foreach(row IN LISTS rows)
    string(REGEX REPLACE "^[^|]*\\|[^|]*\\|" "" path "${row}")
    if(path)
        file(REAL_PATH "${path}" real)
        cmake_path(NORMAL_PATH path)
        foreach(p IN ITEMS "${real}" "${path}")
            string(REGEX REPLACE "^/usr/" "/" bare "${p}")
            list(APPEND ask "${p}" "${bare}" "/usr${bare}")
        endforeach()
    endif()
endforeach()
list(REMOVE_DUPLICATES ask)
find_program(DPKG_QUERY dpkg-query)
set(owners "")
set(packages "")
if(DPKG_QUERY AND ask)
    execute_process(COMMAND "${DPKG_QUERY}" -S ${ask} OUTPUT_VARIABLE owners ERROR_QUIET) # fails when one is unknown
    string(REGEX MATCHALL "[^\n]+" owners "${owners}")
    set(names "${owners}")
    list(FILTER names INCLUDE REGEX "^[a-z0-9.+:-]+: /")
    list(TRANSFORM names REPLACE ": /.*" "")
    list(REMOVE_DUPLICATES names)
    if(names)
        execute_process(COMMAND "${DPKG_QUERY}" -W -f "\${binary:Package}|\${Package}|\${Version}|\${Architecture}\n" ${names}
                        OUTPUT_VARIABLE packages COMMAND_ERROR_IS_FATAL ANY)
        string(REGEX MATCHALL "[^\n]+" packages "${packages}")
    endif()
endif()
set(distro "")
set(vendor "")
if(EXISTS /etc/os-release)
    file(STRINGS /etc/os-release os REGEX "^(ID|VERSION_ID)=")
    foreach(line IN LISTS os)
        string(REGEX REPLACE "^[A-Z_]+=\"?([^\"]*)\"?$" "\\1" value "${line}")
        if(line MATCHES "^ID=")
            set(vendor "${value}")
        else()
            set(release "${value}")
        endif()
    endforeach()
    if(vendor AND release)
        set(distro "&distro=${vendor}-${release}")
    endif()
endif()

# "package|version|purl" of a path; empty ones where dpkg does not know it.
function(package_of path out)
    set(${out} "||" PARENT_SCOPE)
    if(NOT path)
        return()
    endif()
    file(REAL_PATH "${path}" real)
    cmake_path(NORMAL_PATH path)
    foreach(p IN ITEMS "${real}" "${path}")
        string(REGEX REPLACE "^/usr/" "/" bare "${p}")
        foreach(line IN LISTS owners)
            string(REGEX REPLACE ": /.*" "" name "${line}")
            if(line STREQUAL "${name}: ${bare}" OR line STREQUAL "${name}: /usr${bare}")
                foreach(package IN LISTS packages)
                    string(REPLACE "|" ";" f "${package}")
                    list(GET f 0 binary)
                    list(GET f 1 plain)
                    list(GET f 2 version)
                    list(GET f 3 arch)
                    if(binary STREQUAL name OR "${plain}:${arch}" STREQUAL name)
                        string(REPLACE "+" "%2B" purl "${plain}@${version}")
                        set(${out} "${plain}|${version}|pkg:deb/${vendor}/${purl}?arch=${arch}${distro}" PARENT_SCOPE)
                        return()
                    endif()
                endforeach()
            endif()
        endforeach()
    endforeach()
endfunction()

# --- whose they are ---

file(STRINGS "${TABLE}" table REGEX "^[^#]")

# "project|licence" of a file; of one without a row its own name and no licence.
function(project_of file out)
    short_name("${file}" name)
    foreach(line IN LISTS table)
        string(REGEX REPLACE " *\\| *" ";" f "${line}")
        list(GET f 0 files)
        string(REPLACE " " ";" files "${files}")
        if(name IN_LIST files)
            list(GET f 1 project)
            list(GET f 2 licence)
            set(${out} "${project}|${licence}" PARENT_SCOPE)
            return()
        endif()
    endforeach()
    message(WARNING "sbom: ${PROGRAM} is linked to '${file}', which has no row in ${TABLE}: add project and licence")
    set(${out} "${name}|" PARENT_SCOPE)
endfunction()

# One component a package (where there is none, a project) and way of linking, with its files.
# Entries "reference|name|version|purl|linkage|project|licence", files in files_<reference>.
set(entries "")
foreach(row IN LISTS rows)
    string(REPLACE "|" ";" f "${row}")
    list(GET f 0 linkage)
    list(GET f 1 file)
    string(REGEX REPLACE "^[^|]*\\|[^|]*\\|" "" path "${row}")
    package_of("${path}" package)
    project_of("${file}" project)
    if(package STREQUAL "||")
        string(REGEX REPLACE "\\|.*" "" name "${project}")
        set(package "${name}||")
    endif()
    string(REGEX REPLACE "\\|.*" "" name "${package}")
    string(MAKE_C_IDENTIFIER "${name}-${linkage}" id)
    list(APPEND entries "${name}-${linkage}|${package}|${linkage}|${project}")
    list(APPEND files_${id} "${file}")
endforeach()
list(REMOVE_DUPLICATES entries)
list(SORT entries)

# --- the text ---

function(licences licence out)
    if(licence MATCHES " ")
        set(${out} "\"licenses\": [{\"expression\": \"${licence}\"}]" PARENT_SCOPE)
    else()
        set(${out} "\"licenses\": [{\"license\": {\"id\": \"${licence}\"}}]" PARENT_SCOPE)
    endif()
endfunction()

set(components "")
set(references "")
foreach(entry IN LISTS entries)
    string(REPLACE "|" ";" f "${entry}")
    list(GET f 0 reference)
    list(GET f 1 name)
    list(GET f 2 version)
    list(GET f 3 purl)
    list(GET f 4 linkage)
    list(GET f 5 project)
    list(GET f 6 licence)
    string(MAKE_C_IDENTIFIER "${reference}" id)
    set(text "    {\n      \"type\": \"library\",\n      \"bom-ref\": \"${reference}\",\n      \"name\": \"${name}\"")
    if(version)
        string(APPEND text ",\n      \"version\": \"${version}\"")
    endif()
    if(licence)
        licences("${licence}" said)
        string(APPEND text ",\n      ${said}")
    endif()
    if(purl)
        string(APPEND text ",\n      \"purl\": \"${purl}\"")
    endif()
    string(APPEND text ",\n      \"properties\": [\n")
    list(REMOVE_DUPLICATES files_${id})
    list(SORT files_${id})
    foreach(file IN LISTS files_${id})
        string(APPEND text "        {\"name\": \"harmony-bridge:file\", \"value\": \"${file}\"},\n")
    endforeach()
    string(APPEND text "        {\"name\": \"harmony-bridge:linkage\", \"value\": \"${linkage}\"},\n")
    string(APPEND text "        {\"name\": \"harmony-bridge:project\", \"value\": \"${project}\"}\n      ]\n    }")
    list(APPEND components "${text}")
    list(APPEND references "\"${reference}\"")
endforeach()
list(JOIN components ",\n" components)
list(JOIN references ", " references)

# Licences ask that their texts go along with the code: those of what is in the program.
file(REMOVE_RECURSE "${LICENCES}")
file(MAKE_DIRECTORY "${LICENCES}")
foreach(entry IN LISTS entries)
    string(REPLACE "|" ";" f "${entry}")
    list(GET f 1 name)
    list(GET f 4 linkage)
    set(text "/usr/share/doc/${name}/copyright")
    if(linkage STREQUAL "static" AND EXISTS "${text}")
        file(COPY_FILE "${text}" "${LICENCES}/${name}")
        file(READ "${text}" said)
        string(REGEX MATCHALL "/usr/share/common-licenses/[A-Za-z]+(-[0-9]+(\\.[0-9]+)?)?" common "${said}")
        foreach(path IN LISTS common)
            get_filename_component(file "${path}" NAME)
            if(EXISTS "${path}")
                file(REAL_PATH "${path}" path)
                file(COPY_FILE "${path}" "${LICENCES}/${file}")
            endif()
        endforeach()
    endif()
endforeach()

# A commit that the tree is not at, or not exactly, would be a lie.
set(commit "")
if(COMMIT)
    execute_process(COMMAND git -C "${TREE}" rev-parse HEAD OUTPUT_VARIABLE head
                    OUTPUT_STRIP_TRAILING_WHITESPACE ERROR_QUIET)
    execute_process(COMMAND git -C "${TREE}" status --porcelain OUTPUT_VARIABLE changed
                    RESULT_VARIABLE failed ERROR_QUIET)
    if(head STREQUAL COMMIT AND NOT changed AND failed EQUAL 0)
        set(commit "        {\"name\": \"harmony-bridge:commit\", \"value\": \"${COMMIT}\"},\n")
    else()
        message(STATUS "sbom: the tree is not exactly commit '${COMMIT}', so none is named")
    endif()
endif()
licences("Apache-2.0" own)
set(text "{
  \"bomFormat\": \"CycloneDX\",
  \"specVersion\": \"1.6\",
  \"version\": 1,
  \"metadata\": {
    \"component\": {
      \"type\": \"application\",
      \"bom-ref\": \"${PROGRAM}\",
      \"group\": \"harmony-bridge\",
      \"name\": \"${PROGRAM}\",
      \"version\": \"${VERSION}\",
      ${own},
      \"properties\": [
${commit}        {\"name\": \"harmony-bridge:compiler\", \"value\": \"${COMPILER}\"}
      ]
    }
  },
  \"components\": [
${components}
  ],
  \"dependencies\": [
    {\"ref\": \"${PROGRAM}\", \"dependsOn\": [${references}]}
  ]
}
")
if(text MATCHES "\\\\")
    message(FATAL_ERROR "sbom: a name has a backslash in it, which would have to be escaped")
endif()

file(WRITE "${JSON}" "${text}")
file(SHA256 "${JSON}" digest)
file(READ "${JSON}" hex HEX)
string(LENGTH "${hex}" digits)
math(EXPR n "${digits} / 2")
string(REGEX REPLACE "([0-9a-f][0-9a-f])" "'\\\\x\\1'," bytes "${hex}")
file(WRITE "${SOURCE}" "/* Generated: the bill of materials of ${PROGRAM}. */
#include \"base/sbom.h\"

static const char text[] = {${bytes}0};
const hb_sbom hb_sbom_self = {text, ${n}, \"${digest}\"};
")
