# The libraries we do not write, under one name each: lib::<name>. All come from Debian 12 (packages.txt).
function(wavetank_library name header)
  cmake_parse_arguments(A "" "" "LINK" ${ARGN})
  find_path(WAVETANK_${name}_INCLUDE ${header} REQUIRED)
  add_library(lib_${name} INTERFACE)
  add_library(lib::${name} ALIAS lib_${name})
  if(A_LINK)
    find_library(WAVETANK_${name}_LIBRARY ${A_LINK} REQUIRED)
    target_link_libraries(lib_${name} INTERFACE ${WAVETANK_${name}_LIBRARY})
  endif()
endfunction()

wavetank_library(boost boost/graph/adjacency_list.hpp) # Boost.Graph, headers only
file(STRINGS ${WAVETANK_boost_INCLUDE}/boost/version.hpp boost_version REGEX "^#define BOOST_VERSION ")
if(NOT boost_version MATCHES "([0-9]+)$" OR CMAKE_MATCH_1 LESS 108100)
  message(FATAL_ERROR "Boost ${CMAKE_MATCH_1} is too old: 1.81 is needed (Debian 12: libboost1.81-dev)")
endif()
wavetank_library(cli11 CLI/CLI.hpp)
wavetank_library(expected tl/expected.hpp)
wavetank_library(fmt fmt/format.h LINK fmt)
wavetank_library(simdjson simdjson.h LINK simdjson)
wavetank_library(sqlite sqlite3.h LINK sqlite3)
wavetank_library(xxhash xxhash.h) # used with XXH_INLINE_ALL
wavetank_library(yaml yaml.h LINK yaml)
wavetank_library(zstd zstd.h LINK zstd)

find_package(Threads REQUIRED)
add_library(lib::threads ALIAS Threads::Threads)
if(WAVETANK_TESTS)
  wavetank_library(catch2 catch2/catch.hpp)
  find_library(WAVETANK_BENCHMARK benchmark) # optional: only ./dev bench needs it
endif()
