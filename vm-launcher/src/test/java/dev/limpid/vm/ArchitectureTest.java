package dev.limpid.vm;

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

/** The module starts virtual machines; it does not know of commands or of containers' states. */
@AnalyzeClasses(packages = "dev.limpid.vm", importOptions = ImportOption.DoNotIncludeTests.class)
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
  void knowsNothingOfTheProgramThatUsesIt(JavaClasses classes) {
    noClasses()
        .should()
        .dependOnClassesThat()
        .resideInAnyPackage(
            "dev.limpid.cli..", "dev.limpid.engine..", "dev.limpid.config..", "picocli..")
        .check(classes);
  }

  @ArchTest
  void printsNothing(JavaClasses classes) {
    noClasses().should(ACCESS_STANDARD_STREAMS).check(classes);
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
