package dev.limpid;

import static com.tngtech.archunit.lang.syntax.ArchRuleDefinition.classes;
import static com.tngtech.archunit.lang.syntax.ArchRuleDefinition.noClasses;
import static com.tngtech.archunit.library.GeneralCodingRules.ACCESS_STANDARD_STREAMS;
import static com.tngtech.archunit.library.dependencies.SlicesRuleDefinition.slices;

import com.tngtech.archunit.core.domain.JavaClass;
import com.tngtech.archunit.core.domain.JavaClasses;
import com.tngtech.archunit.core.importer.ImportOption;
import com.tngtech.archunit.junit.AnalyzeClasses;
import com.tngtech.archunit.junit.ArchTest;
import com.tngtech.archunit.library.dependencies.SliceAssignment;
import com.tngtech.archunit.library.dependencies.SliceIdentifier;
import dev.limpid.cli.Main;
import dev.limpid.oci.json.JsonReader;

/**
 * Which of Limpid's classes may know what: of all modules, here at their top. Rules are methods,
 * since Surefire does not count fields as tests.
 */
@AnalyzeClasses(packages = "dev.limpid", importOptions = ImportOption.DoNotIncludeTests.class)
class ArchitectureTest {
  private static final String[] OCI_SPEC = {"dev.limpid.oci.."};
  private static final String[] AGENT_PROTO = {"dev.limpid.proto.."};
  private static final String[] VM_LAUNCHER = {"dev.limpid.vm.."};
  private static final String[] ENGINE = {"dev.limpid.engine..", "dev.limpid.config.."};
  private static final String[] COMMANDS = {"dev.limpid.cli..", "picocli.."};

  /** Each package is a slice, the outermost too, which a pattern of packages would leave out. */
  private static final SliceAssignment PACKAGES =
      new SliceAssignment() {
        @Override
        public SliceIdentifier getIdentifierOf(JavaClass javaClass) {
          return javaClass.getPackageName().startsWith("dev.limpid.")
              ? SliceIdentifier.of(javaClass.getPackageName())
              : SliceIdentifier.ignore();
        }

        @Override
        public String getDescription() {
          return "packages";
        }
      };

  @ArchTest
  void seesAllModules(JavaClasses classes) {
    for (String[] module : new String[][] {OCI_SPEC, AGENT_PROTO, VM_LAUNCHER, ENGINE, COMMANDS}) {
      classes().that().resideInAnyPackage(module).should().haveNameMatching(".+").check(classes);
    }
  }

  @ArchTest
  void packagesHaveNoCycles(JavaClasses classes) {
    slices().assignedFrom(PACKAGES).should().beFreeOfCycles().check(classes);
  }

  @ArchTest
  void theEngineKnowsNothingOfCommands(JavaClasses classes) {
    knowsNothingOf(ENGINE, COMMANDS, classes);
  }

  @ArchTest
  void theResidentProcessDoesNotKnowWhatItDoes(JavaClasses classes) {
    knowsNothingOf(new String[] {"dev.limpid.resident"}, COMMANDS, classes);
    knowsNothingOf(ENGINE, new String[] {"dev.limpid.resident"}, classes);
  }

  @ArchTest
  void theLauncherKnowsNothingOfTheProgramThatUsesIt(JavaClasses classes) {
    knowsNothingOf(VM_LAUNCHER, COMMANDS, classes);
    knowsNothingOf(VM_LAUNCHER, ENGINE, classes);
  }

  @ArchTest
  void theProtocolKnowsNothingOfWhatUsesIt(JavaClasses classes) {
    knowsNothingOf(AGENT_PROTO, COMMANDS, classes);
    knowsNothingOf(AGENT_PROTO, ENGINE, classes);
    knowsNothingOf(AGENT_PROTO, VM_LAUNCHER, classes);
  }

  @ArchTest
  void framesAndSocketsKnowNothingOfWhatUsesThem(JavaClasses classes) {
    String[] basis = {"dev.limpid.proto.frame", "dev.limpid.proto.socket"};
    knowsNothingOf(basis, new String[] {"dev.limpid.proto", "dev.limpid.oci.."}, classes);
    slices().matching("dev.limpid.proto.(*)").should().notDependOnEachOther().check(classes);
  }

  @ArchTest
  void theSpecificationNeedsTheJdkAndJacksonCoreAlone(JavaClasses classes) {
    classes()
        .that()
        .resideInAnyPackage(OCI_SPEC)
        .should()
        .onlyDependOnClassesThat()
        .resideInAnyPackage("java..", "dev.limpid.oci..", "com.fasterxml.jackson.core..")
        .because("every other library costs time at each start")
        .check(classes);
  }

  @ArchTest
  void onlyTheReaderKnowsJackson(JavaClasses classes) {
    noClasses()
        .that()
        .doNotBelongToAnyOf(JsonReader.class)
        .should()
        .dependOnClassesThat()
        .resideInAPackage("com.fasterxml..")
        .check(classes);
  }

  @ArchTest
  void onlyMainTouchesTheStreams(JavaClasses classes) {
    noClasses()
        .that()
        .doNotBelongToAnyOf(Main.class)
        .should(ACCESS_STANDARD_STREAMS)
        .orShould()
        .accessField(System.class, "in")
        .check(classes);
  }

  @ArchTest
  void onlyMainEndsTheProcess(JavaClasses classes) {
    noClasses()
        .that()
        .doNotBelongToAnyOf(Main.class)
        .should()
        .callMethod(System.class, "exit", int.class)
        .orShould()
        .callMethod(Runtime.class, "exit", int.class)
        .orShould()
        .callMethod(Runtime.class, "halt", int.class)
        .orShould()
        .dependOnClassesThat()
        .haveFullyQualifiedName("dev.limpid.cli.ProcessExit")
        .because("how a run ends is for the command to decide")
        .check(classes);
  }

  private static void knowsNothingOf(String[] who, String[] what, JavaClasses classes) {
    noClasses()
        .that()
        .resideInAnyPackage(who)
        .should()
        .dependOnClassesThat()
        .resideInAnyPackage(what)
        .check(classes);
  }
}
