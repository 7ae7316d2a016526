# Writes OUTPUT, a header that holds every file of FILES as a constexpr string view: schema_v2.sql
# becomes schema_v2_sql. Bytes in a char array, since compilers limit the length of string literals.
set(text "// Generated from the .sql files; do not edit.\n#pragma once\n\n#include <string_view>\n\n")
string(APPEND text "namespace tse::store::sqlite {\n")
foreach(file IN LISTS FILES)
  get_filename_component(name ${file} NAME_WE)
  file(READ ${file} bytes HEX)
  string(REGEX REPLACE "(..)" "'\\\\x\\1'," bytes "${bytes}")
  string(APPEND text "\ninline constexpr char ${name}_bytes[] = {${bytes}'\\0'};\n"
                     "inline constexpr std::string_view ${name}_sql{${name}_bytes, sizeof ${name}_bytes - 1};\n")
endforeach()
string(APPEND text "\n}  // namespace tse::store::sqlite\n")
file(WRITE ${OUTPUT} "${text}")
