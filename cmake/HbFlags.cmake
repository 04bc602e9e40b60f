# SPDX-License-Identifier: Apache-2.0
# One set of flags for both compilers. -ffp-contract=off: a fused multiply-add would give other bits
# than two roundings, and a decision must not depend on the compiler.
add_library(hb_flags INTERFACE)
target_include_directories(hb_flags INTERFACE "${CMAKE_SOURCE_DIR}/src")
target_compile_definitions(hb_flags INTERFACE _GNU_SOURCE HB_VERSION="${PROJECT_VERSION}")
target_compile_options(hb_flags INTERFACE
    -Wall -Wextra -Wpedantic -Wshadow -Wconversion -Wstrict-prototypes -Wmissing-prototypes
    -Wvla -Wcast-qual -Wformat=2 -Wundef -Wswitch-enum -Werror
    -Wno-gnu-zero-variadic-macro-arguments
    -ffp-contract=off -fno-math-errno -fstack-protector-strong
    -include "${CMAKE_SOURCE_DIR}/src/base/banned.h"
    "-ffile-prefix-map=${CMAKE_SOURCE_DIR}/=")
if(CMAKE_C_COMPILER_ID STREQUAL "GNU")
    target_compile_options(hb_flags INTERFACE -Wno-format-nonliteral)
else()
    target_compile_options(hb_flags INTERFACE -Wno-format-nonliteral -Wno-gnu-statement-expression)
endif()
target_compile_options(hb_flags INTERFACE
    $<$<CONFIG:Release>:-D_FORTIFY_SOURCE=2>)
target_link_options(hb_flags INTERFACE -Wl,-z,relro,-z,now)
if(HB_SANITIZE)
    target_compile_options(hb_flags INTERFACE -fsanitize=${HB_SANITIZE} -fno-omit-frame-pointer
        -fno-sanitize-recover=all)
    target_link_options(hb_flags INTERFACE -fsanitize=${HB_SANITIZE})
endif()
if(HB_COVERAGE)
    target_compile_options(hb_flags INTERFACE --coverage)
    target_link_options(hb_flags INTERFACE --coverage)
endif()
if(HB_FUZZ)
    target_compile_options(hb_flags INTERFACE -fsanitize=fuzzer-no-link)
endif()
