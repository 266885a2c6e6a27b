# Part of cmake_install.cmake, run by `cmake --install`: writes the files that name a path of the installation, and those
# below the configuration folder, which are kept where they are there already. HAWSER_SYSCONFDIR in the environment
# moves that folder, as --prefix moves the rest; DESTDIR goes before every path.
if(DEFINED ENV{HAWSER_SYSCONFDIR})
  set(HAWSER_SYSCONFDIR "$ENV{HAWSER_SYSCONFDIR}")
else()
  set(HAWSER_SYSCONFDIR "${default_sysconfdir}")
endif()
# As configured when relative to the prefix, else as it stands.
function(hawser_absolute variable path)
  cmake_path(ABSOLUTE_PATH path BASE_DIRECTORY "${CMAKE_INSTALL_PREFIX}" NORMALIZE)
  set(${variable} "${path}" PARENT_SCOPE)
endfunction()

hawser_absolute(HAWSER_SBINDIR "${CMAKE_INSTALL_SBINDIR}")
hawser_absolute(HAWSER_UNIT_DIR "${unit_dir}")
set(HAWSER_BINARY "${HAWSER_SBINDIR}/hawser")
set(HAWSER_NOTIFY_TYPE "${notify_type}")
# AppArmor's own profiles are named by the path of the binary, with dots.
string(REGEX REPLACE "^/" "" HAWSER_PROFILE_FILE "${HAWSER_BINARY}")
string(REPLACE "/" "." HAWSER_PROFILE_FILE "${HAWSER_PROFILE_FILE}")
set(HAWSER_EXEC_RELOAD "")
if(notify_type STREQUAL "notify")
  # sh has a kill of its own; /bin/kill may be absent.
  string(CONCAT HAWSER_EXEC_RELOAD
    "ExecReload=${HAWSER_BINARY} -t -q -c ${HAWSER_SYSCONFDIR}/hawser/hawser.yaml $HAWSER_OPTIONS\n"
    "ExecReload=/bin/sh -c \"kill -HUP $MAINPID\"")
endif()

function(hawser_report path)
  message(STATUS "Installing: $ENV{DESTDIR}${path}")
  list(APPEND CMAKE_INSTALL_MANIFEST_FILES "${path}")
  set(CMAKE_INSTALL_MANIFEST_FILES "${CMAKE_INSTALL_MANIFEST_FILES}" PARENT_SCOPE)
endfunction()

# Writes `path` from the template `source` of this folder: every @NAME@ above is replaced.
macro(hawser_write source path)
  configure_file("${CMAKE_CURRENT_SOURCE_DIR}/${source}" "$ENV{DESTDIR}${path}" @ONLY NO_SOURCE_PERMISSIONS)
  hawser_report("${path}")
endmacro()

# The same for a file that belongs to whoever runs the machine: one that is there stays.
macro(hawser_write_once source path)
  if(EXISTS "$ENV{DESTDIR}${path}")
    message(STATUS "Kept: $ENV{DESTDIR}${path}")
  else()
    hawser_write("${source}" "${path}")
  endif()
endmacro()

hawser_write_once(etc/hawser.yaml "${HAWSER_SYSCONFDIR}/hawser/hawser.yaml")
file(MAKE_DIRECTORY "$ENV{DESTDIR}${HAWSER_SYSCONFDIR}/hawser/conf.d")
hawser_write_once(etc/default "${HAWSER_SYSCONFDIR}/default/hawser")
if(HAWSER_INSTALL_SYSTEMD)
  hawser_write(systemd/hawser.service.in "${HAWSER_UNIT_DIR}/hawser.service")
endif()
if(HAWSER_INSTALL_LOGROTATE)
  hawser_write_once(logrotate/hawser.in "${HAWSER_SYSCONFDIR}/logrotate.d/hawser")
endif()
if(HAWSER_INSTALL_UFW)
  hawser_write_once(ufw/hawser "${HAWSER_SYSCONFDIR}/ufw/applications.d/hawser")
endif()
if(HAWSER_INSTALL_APPARMOR)
  hawser_write_once(apparmor/hawser.in "${HAWSER_SYSCONFDIR}/apparmor.d/${HAWSER_PROFILE_FILE}")
endif()
