@echo off
rem Temper's command line on Windows. Builds what it needs on first use, then runs it.
rem   TEMPER_JAVA_OPTS   more options for the JVM, e.g. -Xmx8g
rem After a change of the sources: mvn -q -DskipTests -pl cli -am package
setlocal
set "HERE=%~dp0"

set "JAVA=java"
if not defined JAVA_HOME goto java_found
set "JAVA=%JAVA_HOME%\bin\java.exe"
if exist "%JAVA%" goto java_found
echo temper: JAVA_HOME is %JAVA_HOME%, but there is no bin\java.exe in it; set it to a JDK 17 or later, or unset it.>&2
exit /b 1
:java_found

set "MAJOR="
for /f "tokens=3" %%v in ('^""%JAVA%" -XshowSettings:properties -version 2^>^&1 ^| findstr /c:"java.specification.version ="^"') do set "MAJOR=%%v"
if not defined MAJOR (
  echo temper: no java found; install a JDK 17 or later, or set JAVA_HOME to one.>&2
  exit /b 1
)
if "%MAJOR:~0,2%"=="1." set "MAJOR=8"
rem Not in parentheses: a path such as C:\Program Files (x86) would close them.
if %MAJOR% GEQ 17 goto java_new_enough
echo temper: %JAVA% is Java %MAJOR%; Temper needs 17 or later: set JAVA_HOME to one.>&2
exit /b 1
:java_new_enough

call :find_jar
if defined JAR goto run
echo building temper (first use)...>&2
pushd "%HERE%"
call mvn -B -q -DskipTests -Djacoco.skip=true -pl cli -am package 1>&2
set "BUILT=%ERRORLEVEL%"
popd
if not "%BUILT%"=="0" (
  echo temper: the build failed; see the messages above.>&2
  exit /b 1
)
call :find_jar
if not defined JAR (
  echo temper: the build made no cli\target\temper-cli jar.>&2
  exit /b 1
)

:run
rem The engine's libraries come from the class path; nothing is downloaded at run time.
set "DJL_OFFLINE=true"
rem The engine's own warnings, of deprecated operations that Temper uses on purpose, are not for users.
if not defined TORCH_CPP_LOG_LEVEL set "TORCH_CPP_LOG_LEVEL=ERROR"
set "NATIVE="
if %MAJOR% GEQ 22 set "NATIVE=--enable-native-access=ALL-UNNAMED"
"%JAVA%" %NATIVE% -Dfile.encoding=UTF-8 -XX:+UseSerialGC %TEMPER_JAVA_OPTS% -jar "%JAR%" %*
exit /b %ERRORLEVEL%

:find_jar
set "JAR="
for %%f in ("%HERE%cli\target\temper-cli-*.jar") do (
  echo %%~nf| findstr /e /c:"-sources" /c:"-javadoc" /c:"-tests" >nul || set "JAR=%%~ff"
)
exit /b 0
