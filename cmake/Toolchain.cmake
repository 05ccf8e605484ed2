# Compiler, flags, linker and compiler cache: the same for every room. What differs between presets
# (optimisation, sanitizers) stands in CMakePresets.json.
option(WAVETANK_TESTS "Build the tests" ON)
option(WAVETANK_WERROR "Treat warnings as errors" OFF)
option(WAVETANK_LIBFUZZER "Link the fuzzers with libFuzzer (clang only) instead of the small driver" OFF)
option(WAVETANK_PCH "Precompile the standard headers" ON)

set(CMAKE_CXX_STANDARD 20)
set(CMAKE_CXX_STANDARD_REQUIRED ON)
set(CMAKE_CXX_EXTENSIONS OFF)
set(CMAKE_CXX_SCAN_FOR_MODULES OFF)
set(CMAKE_RUNTIME_OUTPUT_DIRECTORY ${CMAKE_BINARY_DIR}/bin)

if(NOT CMAKE_BUILD_TYPE)
  set(CMAKE_BUILD_TYPE Release CACHE STRING "Build type" FORCE)
endif()

# "Same input, same bytes" on every compiler: no fused multiply-add, no fast-math.
add_compile_options(-ffp-contract=off -fno-fast-math)
add_compile_options(-Wall -Wextra -Wpedantic -Wshadow -Wconversion -Wno-sign-conversion -Wnon-virtual-dtor
                    -Woverloaded-virtual -Wimplicit-fallthrough -Wvla)
if(CMAKE_CXX_COMPILER_ID STREQUAL GNU)
  # g++ 12 sees ghosts in inlined std::string code at -O1 and above (GCC PR 105651, PR 105329).
  add_compile_options(-Wno-array-bounds -Wno-restrict -Wno-stringop-overflow -Wno-stringop-overread
                      -Wno-format-truncation)
endif()
if(WAVETANK_WERROR)
  add_compile_options(-Werror)
endif()
# Paths in assertion messages start at the root, whatever folder the clone lies in (ccache makes them relative first).
file(RELATIVE_PATH WAVETANK_ROOT_FROM_BUILD ${CMAKE_BINARY_DIR} ${CMAKE_SOURCE_DIR})
string(REGEX REPLACE "/$" "" WAVETANK_ROOT_FROM_BUILD "${WAVETANK_ROOT_FROM_BUILD}")
add_compile_options(-ffile-prefix-map=${CMAKE_SOURCE_DIR}/= -ffile-prefix-map=${WAVETANK_ROOT_FROM_BUILD}/=)
include_directories(${CMAKE_SOURCE_DIR})

find_program(WAVETANK_MOLD mold)
if(WAVETANK_MOLD)
  add_link_options(-fuse-ld=mold)
endif()

# The launcher carries its own settings, so that a plain `ninja` gets the same hits as ./dev. Precompiled headers need
# the two sloppiness flags; base_dir lets clones in different folders share results.
find_program(WAVETANK_CCACHE ccache)
if(WAVETANK_CCACHE AND NOT CMAKE_CXX_COMPILER_LAUNCHER)
  set(CMAKE_CXX_COMPILER_LAUNCHER
      ${CMAKE_COMMAND} -E env CCACHE_SLOPPINESS=pch_defines,time_macros CCACHE_BASEDIR=${CMAKE_SOURCE_DIR}
      CCACHE_NOHASHDIR=1 ${WAVETANK_CCACHE})
endif()
if(WAVETANK_PCH)
  if(CMAKE_CXX_COMPILER_ID MATCHES Clang)
    add_compile_options("SHELL:-Xclang -fno-pch-timestamp")
  else()
    add_compile_options(-fpch-preprocess -Winvalid-pch)
  endif()
endif()
