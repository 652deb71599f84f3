package dev.limpid.cli;

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

/** One class touches the process; everything else can run inside any JVM. */
@AnalyzeClasses(
    packages = {"dev.limpid.cli", "dev.limpid.engine", "dev.limpid.config"},
    importOptions = ImportOption.DoNotIncludeTests.class)
class ArchitectureTest {
  private static final SliceAssignment PACKAGES =
      new SliceAssignment() {
        @Override
        public SliceIdentifier getIdentifierOf(JavaClass javaClass) {
          return SliceIdentifier.of(javaClass.getPackageName());
        }

        @Override
        public String getDescription() {
          return "packages";
        }
      };

  @ArchTest
  void packagesHaveNoCycles(JavaClasses classes) {
    slices().assignedFrom(PACKAGES).should().beFreeOfCycles().check(classes);
  }

  @ArchTest
  void theEngineKnowsNothingOfCommands(JavaClasses classes) {
    noClasses()
        .that()
        .resideInAnyPackage("dev.limpid.engine..", "dev.limpid.config..")
        .should()
        .dependOnClassesThat()
        .resideInAnyPackage("dev.limpid.cli..", "picocli..")
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
        .check(classes);
  }

  @ArchTest
  void doesNotUseDatabind(JavaClasses classes) {
    noClasses()
        .should()
        .dependOnClassesThat()
        .resideInAPackage("com.fasterxml.jackson.databind..")
        .because("it costs 80 ms at each start")
        .check(classes);
  }
}
