@echo off
rem Starts the blip2 command of an unpacked release, or of a clone that is built (mvn -DskipTests package).
setlocal EnableExtensions
set "root=%~dp0.."
set "lib=%root%\lib"
if exist "%root%\blip2-cli\" set "lib=%root%\blip2-cli\target\lib"
if not exist "%lib%\blip2-cli-*.jar" (
  echo blip2: %lib%: the command's jars expected, got none; unpack the archive again, or run mvn -DskipTests package 1>&2
  exit /b 1
)

set "java=java"
if defined JAVA_HOME set "java=%JAVA_HOME%\bin\java.exe"
set "version="
for /f "tokens=3" %%v in ('call "%java%" -version 2^>^&1 ^| findstr /c:" version "') do set "version=%%~v"
if not defined version (
  echo blip2: java: program expected, got none; install JDK 17 or newer, or set JAVA_HOME 1>&2
  exit /b 1
)
for /f "delims=.-+" %%m in ("%version%") do set "major=%%m"
if %major% LSS 17 (
  echo blip2: java: version expected 17 or newer, got %version%; set JAVA_HOME to a newer one 1>&2
  exit /b 1
)

set "options=-XX:+UseSerialGC -Xshare:auto"
if %major% GEQ 24 set "options=%options% --enable-native-access=ALL-UNNAMED --sun-misc-unsafe-memory-access=allow"
set "classpath=%lib%\*"
if defined BLIP2_CLASSPATH set "classpath=%classpath%;%BLIP2_CLASSPATH%"

"%java%" %options% -Djava.awt.headless=true %BLIP2_JAVA_OPTS% -cp "%classpath%" io.github.blip2j.cli.Main %*
exit /b %ERRORLEVEL%
