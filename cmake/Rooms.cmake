# A room is a folder, a namespace, a static library and a test folder. engine/base -> target engine_base, tests in
# tests/engine/base -> target test_engine_base. Sources are globbed, so adding a file needs no edit here.

set(WAVETANK_GENERATED ${CMAKE_BINARY_DIR}/generated)
file(WRITE ${WAVETANK_GENERATED}/empty.cpp.in "// A room without sources yet.\n")
configure_file(${WAVETANK_GENERATED}/empty.cpp.in ${WAVETANK_GENERATED}/empty.cpp COPYONLY)

# One precompiled header for all rooms, one more (with Catch2) for all tests.
function(wavetank_pch_owner target)
  add_library(${target} STATIC ${WAVETANK_GENERATED}/empty.cpp)
  if(WAVETANK_PCH)
    target_precompile_headers(${target} PRIVATE ${ARGN})
  endif()
endfunction()

function(wavetank_reuse_pch target owner)
  if(WAVETANK_PCH)
    target_precompile_headers(${target} REUSE_FROM ${owner})
  endif()
endfunction()

wavetank_pch_owner(wavetank_pch ${CMAKE_SOURCE_DIR}/cmake/pch.h)

function(wavetank_add_rooms)
  foreach(room IN LISTS ARGN)
    if(EXISTS ${CMAKE_CURRENT_SOURCE_DIR}/${room}/CMakeLists.txt)
      add_subdirectory(${room})
    endif()
  endforeach()
endfunction()

function(wavetank_sources out)
  file(GLOB sources CONFIGURE_DEPENDS *.cpp */*.cpp)
  list(FILTER sources EXCLUDE REGEX "/main\\.cpp$")
  set(${out} ${sources} PARENT_SCOPE)
endfunction()

# Links rooms (paths) and external libraries (lib::name), and refuses a name it does not know.
function(wavetank_link target deps libs)
  list(TRANSFORM deps REPLACE "/" "_")
  set(items ${deps} ${libs})
  foreach(item IN LISTS items)
    if(NOT TARGET ${item})
      message(FATAL_ERROR "${target}: no room or library '${item}' below it")
    endif()
    target_link_libraries(${target} PUBLIC ${item})
  endforeach()
endfunction()

# wavetank_room(engine/model DEPS engine/base LIBS lib::yaml): the room's library from *.cpp and */*.cpp.
function(wavetank_room path)
  cmake_parse_arguments(A "" "" "DEPS;LIBS" ${ARGN})
  string(REPLACE "/" "_" target ${path})
  wavetank_sources(sources)
  if(NOT sources)
    set(sources ${WAVETANK_GENERATED}/empty.cpp)
  endif()
  add_library(${target} STATIC ${sources})
  wavetank_link(${target} "${A_DEPS}" "${A_LIBS}")
  wavetank_reuse_pch(${target} wavetank_pch)
endfunction()

# wavetank_program(wavetank runtime/cli): the program from the room's main.cpp.
function(wavetank_program name path)
  if(NOT EXISTS ${CMAKE_CURRENT_SOURCE_DIR}/main.cpp)
    return()
  endif()
  add_executable(${name} main.cpp)
  wavetank_link(${name} ${path} "")
  wavetank_reuse_pch(${name} wavetank_pch)
endfunction()

# wavetank_tests(engine/model DEPS engine/model): one Catch2 program and one ctest entry a room. Tests run in the
# root folder of the source, with WAVETANK_BIN naming the built program.
function(wavetank_tests path)
  cmake_parse_arguments(A "" "TIMEOUT" "DEPS;LIBS" ${ARGN})
  string(REPLACE "/" "_" target test_${path})
  wavetank_sources(sources)
  if(NOT sources)
    return()
  endif()
  add_executable(${target} ${sources})
  wavetank_link(${target} "${A_DEPS}" "test_main;${A_LIBS}")
  wavetank_reuse_pch(${target} test_pch)
  wavetank_add_test(${path} ${target} "${A_TIMEOUT}")
endfunction()

function(wavetank_add_test name target timeout)
  if(NOT timeout)
    set(timeout 300)
  endif()
  add_test(NAME ${name} COMMAND ${target} ${ARGN} WORKING_DIRECTORY ${CMAKE_SOURCE_DIR})
  set_tests_properties(${name} PROPERTIES TIMEOUT ${timeout} ENVIRONMENT
                                          "WAVETANK_BIN=${CMAKE_RUNTIME_OUTPUT_DIRECTORY}/wavetank")
endfunction()
