/* The end of a verb's process: see dev.limpid.cli.ProcessExit. */
#include <jni.h>
#include <unistd.h>

JNIEXPORT void JNICALL Java_dev_limpid_cli_ProcessExit_exit(JNIEnv *environment, jclass class, jint status)
{
	(void)environment;
	(void)class;
	_exit(status);
}
