# Every part that is not ours, each found as a static archive: the product carries what it needs.
# Debian's packages and what each is for: scripts/install-deps.
set(CMAKE_FIND_LIBRARY_SUFFIXES .a)
set(OPENSSL_USE_STATIC_LIBS ON)
set(Boost_USE_STATIC_LIBS ON)
set(THREADS_PREFER_PTHREAD_FLAG ON)

find_package(Threads REQUIRED)
find_package(OpenSSL 3 REQUIRED)
find_package(Boost 1.81 REQUIRED COMPONENTS json url container)

function(spotkeeper_archive target library)
  find_library(${target}_FILE NAMES ${library} REQUIRED)
  add_library(${target} UNKNOWN IMPORTED GLOBAL)
  set_target_properties(${target} PROPERTIES IMPORTED_LOCATION ${${target}_FILE})
endfunction()

add_library(boost_json INTERFACE)
target_link_libraries(boost_json INTERFACE Boost::json)
add_library(boost_url INTERFACE)
target_link_libraries(boost_url INTERFACE Boost::url)

spotkeeper_archive(yaml_static yaml)

# fmt (base/fmt_impl.cc compiles it: Debian ships no archive), CLI11, tl::expected, Boost's other parts and protozero are
# headers on the compiler's own path.
add_library(protozero_headers INTERFACE)
