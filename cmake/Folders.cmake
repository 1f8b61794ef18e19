# One static library a folder of src/, with the folders below it and nothing else on its include path's mind.
set(spotkeeper_warnings
    -Wall -Wextra -Wpedantic -Wshadow -Wconversion -Wsign-conversion -Wnon-virtual-dtor -Wold-style-cast
    -Woverloaded-virtual -Wcast-align -Wnull-dereference -Wformat=2 -Werror)
if(CMAKE_CXX_COMPILER_ID STREQUAL "GNU")
  # False alarms of g++ 12 in inlined library code (GCC bugs 105329, 105562, 104336).
  list(APPEND spotkeeper_warnings -Wno-restrict -Wno-maybe-uninitialized -Wno-null-dereference -Wno-stringop-overflow -Wno-array-bounds
       -Wno-dangling-pointer)
endif()

# spotkeeper_folder(NAME [USES folder…] [LINK library…])
function(spotkeeper_folder name)
  cmake_parse_arguments(arg "" "" "USES;LINK" ${ARGN})
  file(GLOB_RECURSE sources CONFIGURE_DEPENDS ${PROJECT_SOURCE_DIR}/src/${name}/*.cc ${PROJECT_SOURCE_DIR}/src/${name}/*.S)
  list(FILTER sources EXCLUDE REGEX "/cli/main\\.cc$")
  set(target spotkeeper_${name})
  if(sources)
    add_library(${target} STATIC ${sources})
    set(scope PUBLIC)
    target_compile_options(${target} PRIVATE $<$<COMPILE_LANGUAGE:CXX>:${spotkeeper_warnings}>)
  else()
    add_library(${target} INTERFACE)
    set(scope INTERFACE)
  endif()
  target_include_directories(${target} ${scope} ${PROJECT_SOURCE_DIR}/src)
  foreach(folder IN LISTS arg_USES)
    target_link_libraries(${target} ${scope} spotkeeper_${folder})
  endforeach()
  target_link_libraries(${target} ${scope} ${arg_LINK} Threads::Threads)
endfunction()

# spotkeeper_embed(SOURCE.S FILE): the assembler file includes the bytes of FILE as SPOTKEEPER_EMBEDDED_FILE.
function(spotkeeper_embed source file)
  set_source_files_properties(
    ${PROJECT_SOURCE_DIR}/${source} TARGET_DIRECTORY spotkeeper_base
    PROPERTIES OBJECT_DEPENDS ${file} COMPILE_DEFINITIONS SPOTKEEPER_EMBEDDED_FILE="${file}")
endfunction()

# What `spotkeeper version` says: one file is compiled anew when the commit changes, and no other.
function(spotkeeper_build_facts source)
  set(generated ${PROJECT_BINARY_DIR}/generated)
  add_custom_target(
    spotkeeper_commit
    COMMAND ${CMAKE_COMMAND} -DSOURCE_DIR=${PROJECT_SOURCE_DIR} -DOUTPUT=${generated}/commit.inc -P
            ${PROJECT_SOURCE_DIR}/cmake/Commit.cmake
    BYPRODUCTS ${generated}/commit.inc
    COMMENT "")
  add_dependencies(spotkeeper_cli spotkeeper_commit)
  string(TOUPPER "${CMAKE_BUILD_TYPE}" type)
  set_source_files_properties(
    ${PROJECT_SOURCE_DIR}/${source} TARGET_DIRECTORY spotkeeper_cli
    PROPERTIES OBJECT_DEPENDS ${generated}/commit.inc
               INCLUDE_DIRECTORIES ${generated}
               COMPILE_DEFINITIONS
               "SPOTKEEPER_VERSION=\"${PROJECT_VERSION}\";SPOTKEEPER_BUILD_TYPE=\"${CMAKE_BUILD_TYPE}\";SPOTKEEPER_STATIC_LINK=$<BOOL:${SPOTKEEPER_STATIC}>")
endfunction()

# A program over `library`; static where SPOTKEEPER_STATIC is set.
function(spotkeeper_program name main library)
  add_executable(${name} ${main})
  target_compile_options(${name} PRIVATE ${spotkeeper_warnings})
  target_link_libraries(${name} PRIVATE ${library})
  if(SPOTKEEPER_STATIC)
    # bfd: of the linkers tried it leaves the smallest resident set (3.3 MiB against 4.9 for lld, 5.2 for mold).
    target_link_options(${name} PRIVATE -static-pie -fuse-ld=bfd -s -Wl,--gc-sections,-z,relro,-z,now)
  endif()
endfunction()

# The binary: src/cli/main.cc over everything else.
function(spotkeeper_product name)
  spotkeeper_program(${name} ${PROJECT_SOURCE_DIR}/src/cli/main.cc spotkeeper_cli)
  set_target_properties(${name} PROPERTIES RUNTIME_OUTPUT_DIRECTORY ${PROJECT_BINARY_DIR})
endfunction()

# What only tests something is compiled without optimisation: half the time, and what it tests is optimised all the same.
set(spotkeeper_unoptimised -O0 -U_FORTIFY_SOURCE)

# spotkeeper_tests(NAME LINK target… [SOURCES file…]): one GoogleTest executable, every case a ctest test of its own.
function(spotkeeper_tests name)
  cmake_parse_arguments(arg "" "" "SOURCES;LINK" ${ARGN})
  add_executable(${name} ${arg_SOURCES})
  target_compile_options(${name} PRIVATE ${spotkeeper_warnings} -Wno-null-dereference -Wno-old-style-cast)
  if(name MATCHES "^unit_")
    target_compile_options(${name} PRIVATE ${spotkeeper_unoptimised})
  endif()
  target_include_directories(${name} PRIVATE ${PROJECT_SOURCE_DIR})
  # Given to the files that read the tree, and to no other, so that a clone elsewhere finds the rest in the cache.
  foreach(source IN LISTS arg_SOURCES)
    file(STRINGS ${source} reads_tree REGEX "SPOTKEEPER_SOURCE_DIR" LIMIT_COUNT 1)
    if(reads_tree)
      set_property(SOURCE ${source} APPEND PROPERTY COMPILE_DEFINITIONS SPOTKEEPER_SOURCE_DIR="${PROJECT_SOURCE_DIR}")
    endif()
  endforeach()
  target_link_libraries(${name} PRIVATE ${arg_LINK} gmock_main)
  add_test(NAME ${name} COMMAND ${name})
endfunction()
