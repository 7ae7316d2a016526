# Runs PROGRAM in an empty DIRECTORY, as somebody would who tries it for the first time; it must show a 303.
file(REMOVE_RECURSE ${DIRECTORY})
file(MAKE_DIRECTORY ${DIRECTORY})
execute_process(
  COMMAND ${PROGRAM}
  WORKING_DIRECTORY ${DIRECTORY}
  RESULT_VARIABLE result
  OUTPUT_VARIABLE output)
if(NOT result EQUAL 0 OR NOT output MATCHES "303")
  message(FATAL_ERROR "exit code ${result}, output: ${output}")
endif()
